/** Engines as a page without a bundler makes them: everything by its URL. */
import { onnx } from '@edgewise/client/onnx'
import { promptAPI } from '@edgewise/client/prompt-api'
import { transformers } from '@edgewise/client/transformers'
import { webllm } from '@edgewise/client/webllm'
import { wllama } from '@edgewise/client/wllama'
import { ask } from './ask.js'

// snippet:begin
const wasmPaths = {
  mjs: '/node_modules/onnxruntime-web/dist/ort-wasm-simd-threaded.mjs',
  wasm: '/node_modules/onnxruntime-web/dist/ort-wasm-simd-threaded.wasm',
}

const engines = {
  transformers: () =>
    transformers({
      workerURL: '/node_modules/@edgewise/client/dist/transformers-worker-module.js',
      moduleURL: '/node_modules/@huggingface/transformers/dist/transformers.min.js',
      wasmPaths,
      modelBaseURL: '/models/',
    }),
  onnx: () =>
    onnx({
      workerURL: '/node_modules/@edgewise/client/dist/onnx-worker-module.js',
      moduleURLs: {
        ort: '/node_modules/onnxruntime-web/dist/ort.wasm.min.mjs',
        tokenizers: '/node_modules/@huggingface/tokenizers/dist/tokenizers.min.mjs',
        jinja: '/node_modules/@huggingface/jinja/dist/index.js',
      },
      wasmPaths,
    }),
  wllama: () =>
    wllama({
      moduleURL: '/node_modules/@wllama/wllama/esm/index.js',
      wasmURL: '/node_modules/@wllama/wllama/esm/wasm/wllama.wasm',
    }),
  webllm: () =>
    webllm({
      workerURL: '/node_modules/@edgewise/client/dist/webllm-worker-module.js',
      moduleURL: '/node_modules/@mlc-ai/web-llm/lib/index.js',
    }),
  'prompt-api': () => promptAPI(),
}
// snippet:end

globalThis.ask = (model, ...rest) => ask(engines[model](), model, ...rest)
