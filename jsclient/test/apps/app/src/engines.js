/** Engines as an app with a bundler makes them. */
import { onnx } from '@edgewise/client/onnx'
import { promptAPI } from '@edgewise/client/prompt-api'
import { transformers } from '@edgewise/client/transformers'
import { webllm } from '@edgewise/client/webllm'
import { wllama } from '@edgewise/client/wllama'
import { llamaCpp, onnxRuntime } from './wasm.js'

// snippet:begin
export const engines = {
  transformers: () =>
    transformers({
      worker: () => new Worker(new URL('./transformers.worker.js', import.meta.url), { type: 'module' }),
      wasmPaths: onnxRuntime,
      modelBaseURL: '/models/',
    }),
  onnx: () =>
    onnx({
      worker: () => new Worker(new URL('./onnx.worker.js', import.meta.url), { type: 'module' }),
      wasmPaths: onnxRuntime,
    }),
  wllama: () => wllama({ wasmURL: llamaCpp }),
  webllm: () =>
    webllm({ worker: () => new Worker(new URL('./webllm.worker.js', import.meta.url), { type: 'module' }) }),
  'prompt-api': () => promptAPI(),
}
// snippet:end
