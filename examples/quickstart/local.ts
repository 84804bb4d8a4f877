// The page without a server: the model is named here, and lies with the app's own files.

// snippet:begin
import { LocalInferenceClient } from '@edgewise/client/local'
import { wllama } from '@edgewise/client/wllama'

const client = new LocalInferenceClient({
  engines: [wllama({ wasmURL: new URL('@wllama/wllama/esm/wasm/wllama.wasm', import.meta.url) })],
  models: [
    {
      id: 'tiny-gguf',
      name: 'Tiny',
      framework: 'wllama', // the engine that runs it
      sizeBytes: 1_079_360, // to download; 0 = unknown
      contextWindow: 512, // tokens of prompt and answer together
      source: { url: '/models/edgewise-tiny-v1/edgewise-tiny-v1-q8_0.gguf' },
    },
  ],
})

const { text } = await client.generate('What is the capital of France?') // downloads the model if it is missing
document.body.append(text)
// snippet:end
