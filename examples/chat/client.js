// Edgewise's client, with one engine in a worker.

import { HybridInferenceClient } from '@edgewise/client'
import { transformers } from '@edgewise/client/transformers'

/** The engine's WebAssembly: the bundler copies what is named like this, and gives it a URL. */
const wasmPaths = {
  mjs: new URL('onnxruntime-web/ort-wasm-simd-threaded.mjs', import.meta.url).href,
  wasm: new URL('onnxruntime-web/ort-wasm-simd-threaded.wasm', import.meta.url).href,
}

const worker = () => new Worker(new URL('./transformers.worker.js', import.meta.url), { type: 'module' })

/**
 * An offer of a download that the user is to answer.
 *
 * @typedef {import('@edgewise/client').DownloadOffer & { answer: (yes?: boolean) => void }} Question
 */

/**
 * Makes the client. It touches nothing before it is first asked for something.
 *
 * @param {(question: Question | undefined) => void} show shows the question before a download, and none once it is over
 */
export function makeClient(show) {
  return new HybridInferenceClient({
    baseURL: '/api/v1',
    engines: [transformers({ worker, wasmPaths, modelBaseURL: '/models/' })],
    onOffer: (offer) =>
      new Promise((resolve) => {
        const answer = (/** @type {boolean | undefined} */ yes) => {
          offer.signal.onabort = null
          show(undefined)
          resolve(yes)
        }
        offer.signal.onabort = () => answer(undefined) // nobody waits for the model any more
        show({ ...offer, answer })
      }),
  })
}
