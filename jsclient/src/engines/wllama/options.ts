import { pageURL } from '../../engine/page-url.ts'
import type { PEER_DEFAULT } from '../../engine/peer-default.ts'
import type { ModelInfo } from '../../wire.ts'
import type { WllamaCompat } from './peer.ts'
import type { ModelFile } from './source.ts'
import { filesOf, misconfigured } from './source.ts'

export type { WllamaCompat } from './peer.ts'

/** Options of `wllama()`. Relative URLs mean the page's base. */
export interface WllamaOptions {
  /** URL of the package's `esm/wasm/wllama.wasm`, of the version that is installed. Required: no CDN is used. */
  wasmURL: string | URL
  /** URL of the package's `esm/index.js`, for pages without a bundler. Defaults to importing the npm package. */
  moduleURL?: string | URL
  /**
   * URLs of the two files of the npm package `@wllama/wllama-compat`, for browsers without 64-bit WebAssembly memory
   * (Safari), where the engine is not available otherwise.
   */
  compat?: WllamaCompat
  /**
   * Where models lie whose `source` names no absolute `url`: a relative `url` is resolved against it, and file `f` of
   * repository `r` is `{modelBaseURL}/{r}/{f}`. `PEER_DEFAULT` is the Hugging Face Hub. Defaults to the page's base for a
   * `url`; required for a repository. Stored files are never fetched again, so put a version into the URL, or list the
   * files' checksums in the model's `sha256` or `integrity`, which are checked at every load; such a file may have 2 GB at
   * most. A download that was interrupted goes on where it ended if the server knows ranges and sends a strong `ETag`,
   * which another origin must expose to the page, or a `Last-Modified`.
   */
  modelBaseURL?: string | URL | typeof PEER_DEFAULT
  /**
   * Threads, a positive integer. More than 1 needs cross-origin isolation; without it there is one. Defaults to half of
   * the processor's.
   */
  numThreads?: number
  /**
   * Layers that run on WebGPU, which must then offer shader-f16; 0 = none. Defaults to all for a model that requires
   * WebGPU, and to none for any other.
   */
  gpuLayers?: number
  /**
   * Milliseconds without a token, or a batch of 64 tokens of the prompt, after which a generation fails as "stalled";
   * 0 = never. Defaults to 60,000.
   */
  stallMs?: number
}

/** What is to be loaded, and how. Cloneable. */
export interface HostConfig {
  /** The model's files, in their order. */
  files: ModelFile[]
  wasmURL: string
  moduleURL?: string
  compat?: WllamaCompat
  numThreads?: number
  gpuLayers: number
}

/** More layers than any model has. */
const ALL_LAYERS = 99_999

/** Throws "misconfigured" when an option is missing or makes no sense. */
export function configOf(model: ModelInfo, options: WllamaOptions): HostConfig {
  const { wasmURL, moduleURL, compat, numThreads } = options
  const { gpuLayers = model.requires?.gpu === 'webgpu' ? ALL_LAYERS : 0 } = options
  if (!wasmURL) throw misconfigured("pass wasmURL, the URL of the package's esm/wasm/wllama.wasm")
  requireInteger('numThreads', numThreads ?? 1, 1)
  requireInteger('gpuLayers', gpuLayers, 0)
  try {
    const config: HostConfig = { files: filesOf(model, options.modelBaseURL), wasmURL: pageURL(wasmURL), gpuLayers }
    if (moduleURL !== undefined) config.moduleURL = pageURL(moduleURL)
    if (compat) config.compat = { worker: pageURL(compat.worker), wasm: pageURL(compat.wasm) }
    if (numThreads !== undefined) config.numThreads = numThreads
    return config
  } catch (error) {
    throw error instanceof TypeError || error instanceof URIError
      ? misconfigured(`a URL is invalid: ${error.message}`)
      : error
  }
}

function requireInteger(name: string, value: number, least: number): void {
  if (!Number.isInteger(value) || value < least) throw misconfigured(`${name} must be an integer from ${least}`)
}
