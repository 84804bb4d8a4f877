// snippet:begin
export default {
  // While you develop, your Go server answers beside Vite.
  server: { proxy: { '/api': 'http://127.0.0.1:8080', '/models': 'http://127.0.0.1:8080' } },
  // Vite 7 learns what a worker imports when the worker starts, and then reloads the page, once: this spares it that.
  optimizeDeps: {
    include: ['@edgewise/client/onnx/worker', '@edgewise/client/transformers/worker', '@edgewise/client/webllm/worker'],
  },
}
// snippet:end
