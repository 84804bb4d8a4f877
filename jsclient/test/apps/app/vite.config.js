export default {
  // Vite 7 learns what a worker imports when the worker starts, and then reloads the page, once: this spares it that.
  optimizeDeps: {
    include: ['@edgewise/client/onnx/worker', '@edgewise/client/transformers/worker', '@edgewise/client/webllm/worker'],
  },
}
