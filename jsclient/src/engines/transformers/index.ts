/**
 * `@edgewise/client/transformers`: models in ONNX format through Transformers.js, on WebAssembly or WebGPU, in a worker
 * of their own. Needs the npm package `@huggingface/transformers` 4.3, an optional peer dependency.
 */

import type { WorkerClient } from '../../engine/connect.ts'
import { connect } from '../../engine/connect.ts'
import type { Engine, EngineSupport, LoadedModel } from '../../engine/engine.ts'
import type { EnginePort } from '../../engine/protocol.ts'
import { raceAbort } from '../../errors/abort.ts'
import { EngineError } from '../../errors/engine-error.ts'
import type { ModelInfo } from '../../wire.ts'
import type { WasmPaths } from './peer.ts'
import type { HostConfig } from './source.ts'
import { ENGINE_NAME, PEER_DEFAULT, sourceOf } from './source.ts'
import { isCached } from './status.ts'

export type { WasmPaths } from './peer.ts'
export { PEER_DEFAULT } from './source.ts'

/** Options of `transformers()`. Give `worker`, or `workerURL` and `moduleURL`. */
export interface TransformersOptions {
  /**
   * Makes the worker, whose file imports `@edgewise/client/transformers/worker`:
   * `() => new Worker(new URL('./my.worker.js', import.meta.url), { type: 'module' })`. Called once a load.
   */
  worker?: () => Worker
  /** URL of this package's `transformers/worker-module` file, of the page's own origin; for pages without a bundler. */
  workerURL?: string | URL
  /** URL of the package's ES module without bare imports (`transformers.min.js`). Required with `workerURL`. */
  moduleURL?: string | URL
  /**
   * URLs of ONNX Runtime's two files, of the version that the package pins; or the URL of their folder, with its slash.
   * `ort-wasm-simd-threaded.*` runs on the CPU only; `.asyncify` and `.jspi` also on WebGPU. Required: no CDN is used
   * unless you say `PEER_DEFAULT`.
   */
  wasmPaths?: string | WasmPaths | typeof PEER_DEFAULT
  /**
   * Where models lie: file `f` of model `m` is `{modelBaseURL}/{m}/{f}`. Cached files are never fetched again, so put a
   * version into `m`. Required: no hub is used unless you say `PEER_DEFAULT`.
   */
  modelBaseURL?: string | URL | typeof PEER_DEFAULT
  /** For models whose `source` names none: "wasm" or "webgpu". Defaults to "wasm". */
  device?: 'wasm' | 'webgpu'
  /** For models whose `source` names none, such as "q8", "q4", "fp16". Defaults to "q8". */
  dtype?: string
  /** Threads of WebAssembly; more than 1 needs cross-origin isolation. Defaults to the package's choice. */
  numThreads?: number
  /**
   * Keep ONNX Runtime in the Cache API, so that the engine starts offline. It is then imported from a `blob:` URL,
   * which a Content-Security-Policy may forbid. Defaults to true.
   */
  wasmCache?: boolean
  /** Milliseconds without a token after which a generation fails as "stalled"; 0 = never. Defaults to 60,000. */
  stallMs?: number
}

const SUPPORT: EngineSupport = Object.freeze({
  tools: false,
  jsonSchema: false,
  images: false,
  logprobs: false,
  temperature: true,
  topP: true,
  seed: true,
  stop: true,
  n: 1,
  continuation: true,
  prefixCache: false,
  contextWindow: 0,
})

/** Creates the engine; no side effects. Each load has a worker of its own, which `unload` terminates. */
export function transformers(options: TransformersOptions = {}): Engine {
  const clients = new Set<WorkerClient<HostConfig>>()

  return {
    name: ENGINE_NAME,
    supports: SUPPORT,

    async status(model, { signal } = {}) {
      signal?.throwIfAborted()
      const { modelBaseURL } = options
      if (modelBaseURL === undefined) return 'absent'
      const cached = isCached(sourceOf(model, options), absolute(modelBaseURL))
      return (await raceAbort(cached, signal)) ? 'cached' : 'absent'
    },

    async load(model, loadOptions = {}) {
      loadOptions.signal?.throwIfAborted()
      const config = configOf(model, options)
      const client = connect<HostConfig>(startWorker(options), { stallMs: options.stallMs ?? 60_000 })
      clients.add(client)
      const close = () => {
        clients.delete(client)
        client.close()
      }
      void client.lost.then(close)
      try {
        await client.load(model, config, loadOptions)
      } catch (error) {
        close()
        throw error
      }
      return loadedModel(model, client, close)
    },

    async dispose() {
      for (const client of clients) client.close()
      clients.clear()
    },
  }
}

function loadedModel(model: ModelInfo, client: WorkerClient<HostConfig>, close: () => void): LoadedModel {
  return {
    model,
    lost: client.lost,
    generate: (request, options) => client.generate(request, options),
    // The worker goes with the model: nothing else gives its memory back.
    unload: async () => close(),
  }
}

function startWorker({ worker, workerURL }: TransformersOptions): EnginePort {
  try {
    if (worker) return worker()
    if (workerURL) return new Worker(workerURL, { type: 'module', name: 'edgewise-transformers' })
  } catch (cause) {
    throw new EngineError("the engine's worker could not be made", { stage: 'load', code: 'worker_failed', cause })
  }
  throw misconfigured('pass worker, or workerURL and moduleURL')
}

function configOf(model: ModelInfo, options: TransformersOptions): HostConfig {
  const { worker, workerURL, moduleURL, wasmPaths, modelBaseURL, numThreads, wasmCache = true } = options
  if (!worker && !workerURL) throw misconfigured('pass worker, or workerURL and moduleURL')
  if (!worker && !moduleURL) throw misconfigured('workerURL needs moduleURL')
  if (wasmPaths === undefined) throw misconfigured(`pass wasmPaths, or "${PEER_DEFAULT}" for the package's own CDN`)
  if (modelBaseURL === undefined)
    throw misconfigured(`pass modelBaseURL, or "${PEER_DEFAULT}" for the package's own hub`)
  const config: HostConfig = {
    ...sourceOf(model, options),
    modelBaseURL: absolute(modelBaseURL),
    wasmPaths:
      typeof wasmPaths === 'string'
        ? absolute(wasmPaths)
        : { mjs: absolute(wasmPaths.mjs), wasm: absolute(wasmPaths.wasm) },
    wasmCache,
  }
  if (moduleURL !== undefined) config.moduleURL = absolute(moduleURL)
  if (numThreads !== undefined) config.numThreads = numThreads
  return config
}

function misconfigured(message: string): EngineError {
  return new EngineError(`transformers(): ${message}`, { stage: 'load', code: 'misconfigured' })
}

/** Relative URLs mean the page's base, not the worker's. */
function absolute(url: string | URL): string {
  if (url === PEER_DEFAULT) return PEER_DEFAULT
  return new URL(url, typeof document === 'undefined' ? location.href : document.baseURI).href
}
