/**
 * `@edgewise/client/onnx`: models in ONNX format straight on ONNX Runtime Web, on WebAssembly or WebGPU, in a worker of
 * their own: less than half of the code of Transformers.js, for chats alone. Needs the npm packages `onnxruntime-web`
 * 1.30, `@huggingface/tokenizers` 0.2 and `@huggingface/jinja` 0.5, optional peer dependencies.
 */
import type { Engine, EngineSupport } from '../../engine/engine.ts'
import { pageURL } from '../../engine/page-url.ts'
import { createWorkerEngine } from '../../engine/worker-engine.ts'
import { EngineError } from '../../errors/engine-error.ts'
import type { ModelInfo } from '../../wire.ts'
import type { WasmPaths } from './peer.ts'
import type { HostConfig, ModelSource } from './source.ts'
import { ENGINE_NAME, folder, sourceOf } from './source.ts'
import { createStore, isCached } from './store.ts'

export type { WasmPaths } from './peer.ts'

/**
 * Options of `onnx()`. Give `worker`, or `workerURL` and `moduleURLs`.
 *
 * A model's `source` names the `url` of its graph. `tokenizer.json`, `tokenizer_config.json`, `config.json` and, if there
 * is one, `generation_config.json` lie in the folder `filesURL`, which is the graph's own unless said otherwise, or the
 * one above if that is called `onnx`. URLs may be relative. Files are stored in the Cache API and never fetched again, so
 * put a version into the URL, or list the files' checksums in the model's `sha256` or `integrity`: they are checked when
 * files are stored and whenever they are read, and what was damaged on the disk is fetched again. Without a checksum only
 * damage that keeps the model from being made is found. A download that is broken off goes on with the first file that it
 * lacks; a file's own beginning is not kept.
 */
export interface OnnxOptions {
  /**
   * Makes the worker, whose file imports `@edgewise/client/onnx/worker`:
   * `() => new Worker(new URL('./my.worker.js', import.meta.url), { type: 'module' })`. Called once a load.
   */
  worker?: () => Worker
  /** URL of this package's `onnx/worker-module` file, of the page's own origin; for pages without a bundler. */
  workerURL?: string | URL
  /**
   * URLs of the packages' ES modules: `ort.webgpu.min.mjs` (or `ort.wasm.min.mjs`, for the CPU only) of ONNX Runtime,
   * `tokenizers.min.mjs`, and the `index.js` of jinja. Required with `workerURL`.
   */
  moduleURLs?: { ort: string | URL; tokenizers: string | URL; jinja: string | URL }
  /**
   * URLs of ONNX Runtime's two files, of the same version; or the URL of their folder, with its slash.
   * `ort-wasm-simd-threaded.*` runs on the CPU only; `.asyncify` also on WebGPU. Defaults to where the bundler put them,
   * without one to the folder of the module. No CDN is used.
   */
  wasmPaths?: string | WasmPaths
  /** What a model's `url` and `filesURL` are relative to. Defaults to the page. */
  modelBaseURL?: string | URL
  /** For models whose `source` names none: "wasm" or "webgpu". Defaults to "wasm". */
  device?: 'wasm' | 'webgpu'
  /** Threads of WebAssembly; more than 1 needs cross-origin isolation. Defaults to the package's choice, at most 4. */
  numThreads?: number
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
export function onnx(options: OnnxOptions = {}): Engine {
  return createWorkerEngine<HostConfig>({
    name: ENGINE_NAME,
    supports: SUPPORT,
    connection: { stallMs: options.stallMs ?? 60_000 },
    store: createStore((model) => modelSource(model, options)),
    configOf: (model) => configOf(model, options),
    startWorker: () =>
      options.worker?.() ?? new Worker(options.workerURL ?? '', { type: 'module', name: 'edgewise-onnx' }),

    async isCached(model) {
      const source = modelSource(model, options)
      return source !== undefined && isCached(model, source)
    },
  })
}

function configOf(model: ModelInfo, options: OnnxOptions): HostConfig {
  const { worker, workerURL, moduleURLs, wasmPaths, numThreads } = options
  if (!worker && !(workerURL && moduleURLs)) throw misconfigured('pass worker, or workerURL and moduleURLs')
  const source = modelSource(model, options)
  if (!source) throw misconfigured(`the source of ${model.id} names no url of a graph, or one that is no URL`)
  if (source.device !== 'wasm' && source.device !== 'webgpu') {
    throw misconfigured(`the device of ${model.id} is ${source.device}; it can be wasm or webgpu`)
  }
  const config: HostConfig = source
  if (moduleURLs) config.moduleURLs = absolutes(moduleURLs)
  if (wasmPaths) config.wasmPaths = typeof wasmPaths === 'string' ? pageURL(wasmPaths) : absolutes(wasmPaths)
  if (numThreads !== undefined) config.numThreads = numThreads
  return config
}

/** Undefined when it names no graph that can be fetched. */
function modelSource(model: ModelInfo, { modelBaseURL = '', device }: OnnxOptions): ModelSource | undefined {
  try {
    return sourceOf(model, pageURL(modelBaseURL && folder(String(modelBaseURL))), device)
  } catch {
    return undefined
  }
}

function misconfigured(message: string): EngineError {
  return new EngineError(`onnx(): ${message}`, { stage: 'load', code: 'misconfigured' })
}

function absolutes<Name extends string>(urls: Record<Name, string | URL>): Record<Name, string> {
  return Object.fromEntries(Object.entries<string | URL>(urls).map(([name, url]) => [name, pageURL(url)])) as never
}
