// Edgewise's client, with one engine in a worker. Without a bundler everything has a URL; import maps don't reach workers.

import { HybridInferenceClient } from '@edgewise/client'
import { transformers } from '@edgewise/client/transformers'

/** @param {import('@edgewise/client').HybridInferenceClientOptions['onOffer']} onOffer asks the user before a download */
export function makeClient(onOffer) {
  return new HybridInferenceClient({
    baseURL: '/api/v1',
    engines: [
      transformers({
        workerURL: '/node_modules/@edgewise/client/dist/transformers-worker-module.js',
        moduleURL: '/node_modules/@huggingface/transformers/dist/transformers.min.js',
        wasmPaths: {
          mjs: '/node_modules/onnxruntime-web/dist/ort-wasm-simd-threaded.mjs',
          wasm: '/node_modules/onnxruntime-web/dist/ort-wasm-simd-threaded.wasm',
        },
        modelBaseURL: '/models/',
      }),
    ],
    onOffer,
  })
}
