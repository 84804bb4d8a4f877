// The API and the model's files come from Edgewise's demo; your own server would answer here.
const server = 'http://localhost:8080'

export default {
  server: { proxy: { '/api': server, '/models': server } },
  // Spares the page being loaded again when the worker first starts.
  optimizeDeps: { include: ['@edgewise/client/transformers/worker'] },
}
