/**
 * `@edgewise/client/transformers`: models in ONNX format through Transformers.js, on WebAssembly or WebGPU, in a worker
 * of their own. Needs the npm package `@huggingface/transformers` 4.3, an optional peer dependency.
 */

import type { Engine, EngineSupport } from '../../engine/engine.ts'
import { pageURL } from '../../engine/page-url.ts'
import { PEER_DEFAULT } from '../../engine/peer-default.ts'
import type { EnginePort } from '../../engine/protocol.ts'
import { createWorkerEngine } from '../../engine/worker-engine.ts'
import { EngineError } from '../../errors/engine-error.ts'
import type { ModelInfo } from '../../wire.ts'
import type { WasmPaths } from './peer.ts'
import type { HostConfig } from './source.ts'
import { ENGINE_NAME, sourceOf } from './source.ts'
import { createStore, isCached } from './store.ts'

export { PEER_DEFAULT } from '../../engine/peer-default.ts'
export type { WasmPaths } from './peer.ts'

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
   * version into `m`, or list the files' checksums in the model's `sha256` or `integrity`: they are checked when files are
   * stored and whenever they are read, and what was damaged on the disk is fetched again. Without a checksum only damage
   * that keeps the model from being made is found. A download that is broken off goes on with the first file that it
   * lacks; a file's own beginning is not kept. Required: no hub is used unless you say `PEER_DEFAULT`.
   */
  modelBaseURL?: string | URL | typeof PEER_DEFAULT
  /** For models whose `source` names none: "wasm" or "webgpu". Defaults to "wasm". */
  device?: 'wasm' | 'webgpu'
  /** For models whose `source` names none, such as "q8", "q4", "fp16". Defaults to "q8". */
  dtype?: string
  /** Threads of WebAssembly; more than 1 needs cross-origin isolation. Defaults to the package's choice. */
  numThreads?: number
  /**
   * Keep ONNX Runtime in the Cache API, so that the engine starts offline. For that `wasmPaths` must name the two files.
   * They are then imported from a `blob:` URL, which a Content-Security-Policy must allow in `script-src`, beside
   * `'wasm-unsafe-eval'` that is always needed. Defaults to true.
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
  prefixCache: true,
  contextWindow: 0,
})

/** Creates the engine; no side effects. Each load has a worker of its own, which `unload` terminates. */
export function transformers(options: TransformersOptions = {}): Engine {
  const placeOf = (model: ModelInfo) => {
    try {
      return configOf(model, options)
    } catch {
      return undefined
    }
  }
  return createWorkerEngine<HostConfig>({
    name: ENGINE_NAME,
    supports: SUPPORT,
    connection: { stallMs: options.stallMs ?? 60_000 },
    configOf: (model) => configOf(model, options),
    startWorker: () => startWorker(options),

    store: createStore(placeOf),

    async isCached(model) {
      const place = placeOf(model)
      return place !== undefined && isCached(model, place)
    },
  })
}

function startWorker({ worker, workerURL }: TransformersOptions): EnginePort {
  return worker?.() ?? new Worker(workerURL ?? '', { type: 'module', name: 'edgewise-transformers' })
}

function configOf(model: ModelInfo, options: TransformersOptions): HostConfig {
  const { worker, workerURL, moduleURL, wasmPaths, modelBaseURL, numThreads, wasmCache = true } = options
  if (!worker && !(workerURL && moduleURL)) throw misconfigured('pass worker, or workerURL and moduleURL')
  if (wasmPaths === undefined) throw misconfigured(`pass wasmPaths, or "${PEER_DEFAULT}" for the package's own CDN`)
  if (modelBaseURL === undefined)
    throw misconfigured(`pass modelBaseURL, or "${PEER_DEFAULT}" for the package's own hub`)
  const config: HostConfig = {
    ...sourceOf(model, options),
    modelBaseURL: orDefault(modelBaseURL),
    wasmPaths:
      typeof wasmPaths === 'string'
        ? orDefault(wasmPaths)
        : { mjs: pageURL(wasmPaths.mjs), wasm: pageURL(wasmPaths.wasm) },
    wasmCache,
  }
  if (moduleURL !== undefined) config.moduleURL = pageURL(moduleURL)
  if (numThreads !== undefined) config.numThreads = numThreads
  return config
}

function misconfigured(message: string): EngineError {
  return new EngineError(`transformers(): ${message}`, { stage: 'load', code: 'misconfigured' })
}

function orDefault(url: string | URL): string {
  return url === PEER_DEFAULT ? PEER_DEFAULT : pageURL(url)
}
