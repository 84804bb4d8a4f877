// The page of the quickstart: a prompt, an answer, and where it came from.
// A bundler resolves the imports; examples/demo shows the same without one.

// snippet:begin
import { HybridInferenceClient } from '@edgewise/client'
import { PEER_DEFAULT, webllm } from '@edgewise/client/webllm'

const worker = () => new Worker(new URL('./webllm.worker.ts', import.meta.url), { type: 'module' })
const client = new HybridInferenceClient({
  baseURL: '/api/v1',
  // Without PEER_DEFAULT no public host is used: models then lie where your registry says.
  engines: [webllm({ worker, appConfig: PEER_DEFAULT })],
})

await client.preload() // downloads a model: ask first. Until it is there, the server answers.
const answer = await client.generate('What is the capital of France?', {
  maxTokens: 100,
  onChunk: (text) => document.body.append(text), // streams from wherever it runs
})
console.log(answer.source, answer.route.reason) // "browser optimal_for_browser"
// snippet:end
