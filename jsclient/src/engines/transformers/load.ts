/** Loads tokenizer and graph in the worker. */

import { describe } from '../../engine/error-message.ts'
import type { HostLoadOptions } from '../../engine/expose.ts'
import { createProgressReporter } from '../../engine/progress.ts'
import { probeAdapter, requireAdapter } from '../../engine/webgpu.ts'
import type { EngineErrorCode } from '../../errors/engine-error.ts'
import { ModelLoadError } from '../../errors/engine-model-load-error.ts'
import type { ModelInfo } from '../../wire.ts'
import type { CausalModel, ProgressInfo, Tokenizer, TransformersPeer } from './peer.ts'
import type { HostConfig } from './source.ts'
import { needsHalfFloats, PEER_DEFAULT } from './source.ts'

export interface Resident {
  tokenizer: Tokenizer
  model: CausalModel
}

export async function loadResident(
  peer: TransformersPeer,
  info: ModelInfo,
  config: HostConfig,
  { signal, onProgress }: HostLoadOptions,
): Promise<Resident> {
  if (config.device === 'webgpu') {
    // Asked in the worker, whose adapter may differ from the page's.
    const features = needsHalfFloats(config.dtype) ? ['shader-f16'] : []
    requireAdapter(await probeAdapter(), info, { features })
  }
  const { downloads, refusals } = configure(peer, config, signal)
  const progress = createProgressReporter(onProgress)
  const files = new Map<string, { loaded: number; total: number }>()
  const progress_callback = (event: ProgressInfo) => {
    for (const [file, { total }] of Object.entries(event.files ?? {})) {
      if (!files.has(file)) files.set(file, { loaded: 0, total })
    }
    if (event.status !== 'progress' || event.file === undefined) return
    files.set(event.file, { loaded: event.loaded ?? 0, total: event.total ?? 0 })
    progress.report(sum(files, downloads, info.sizeBytes))
  }

  try {
    const options = { revision: config.revision, progress_callback }
    const [tokenizer, model] = await Promise.all([
      peer.AutoTokenizer.from_pretrained(config.modelId, options),
      peer.AutoModelForCausalLM.from_pretrained(config.modelId, {
        ...options,
        device: config.device,
        dtype: config.dtype,
      }),
    ])
    if (signal.aborted) {
      await model.dispose()
      throw signal.reason
    }
    progress.finish()
    return { tokenizer, model }
  } catch (error) {
    if (signal.aborted) throw signal.reason
    const refused = [...refusals].map(([url, status]) => `${url} (${status})`).join(', ')
    const message = `${info.id} could not be loaded: ${describe(error).message}${refused && `; not served: ${refused}`}`
    throw new ModelLoadError(info.id, message, { code: codeOf(error, [...refusals.values()]), cause: error })
  }
}

interface Traffic {
  /** URLs of the files that came from the network. */
  downloads: ReadonlySet<string>
  /** Status by URL. */
  refusals: ReadonlyMap<string, number>
}

/** The share of a load that its bytes are; the rest is compiling. */
const BYTES_SHARE = 0.9

function sum(
  files: ReadonlyMap<string, { loaded: number; total: number }>,
  downloads: ReadonlySet<string>,
  sizeHint: number,
) {
  let loaded = 0
  let total = 0
  let loadedBytes = 0
  let totalBytes = 0
  for (const [file, bytes] of files) {
    loaded += bytes.loaded
    total += bytes.total
    if (![...downloads].some((url) => url.endsWith(`/${file}`))) continue
    loadedBytes += bytes.loaded
    totalBytes += bytes.total
  }
  // Files announce themselves one after another; the registry's size keeps the bar from starting full.
  const progress = (loaded / Math.max(total, sizeHint, 1)) * BYTES_SHARE
  if (totalBytes === 0) return { progress, stage: 'load' } as const
  const stage = loadedBytes < totalBytes ? 'download' : 'load'
  return { progress, stage, loadedBytes, totalBytes } as const
}

/**
 * Points the package at its files. Its settings are global, which is one reason for a worker per model. Keeps count of
 * what the network gave and refused: the package itself forgets a status, and takes a missing tokenizer for none.
 */
function configure({ env }: TransformersPeer, config: HostConfig, signal: AbortSignal): Traffic {
  const downloads = new Set<string>()
  const refusals = new Map<string, number>()
  env.fetch = async (input, init) => {
    const response = await fetch(input, { ...init, signal })
    // A range of one byte is how it asks whether a file exists.
    const probe = new Headers(init?.headers).has('range')
    if (!response.ok) refusals.set(String(input), response.status)
    else if (!probe) downloads.add(String(input))
    return response
  }
  env.useWasmCache = config.wasmCache
  const { wasm } = env.backends.onnx
  if (wasm) {
    if (config.wasmPaths !== PEER_DEFAULT) wasm.wasmPaths = config.wasmPaths
    if (config.numThreads !== undefined) wasm.numThreads = config.numThreads
  }
  // As "remote" models under our own base: "local" ones are fetched twice (once to learn their size) and must be
  // named by a path, not a URL.
  env.allowLocalModels = false
  env.allowRemoteModels = true
  if (config.modelBaseURL !== PEER_DEFAULT) {
    env.remoteHost = config.modelBaseURL
    env.remotePathTemplate = '{model}/'
  }
  return { downloads, refusals }
}

function codeOf(error: unknown, statuses: number[]): EngineErrorCode {
  const { name, message } = describe(error)
  if (statuses.some((status) => status >= 500 || status === 429)) return 'download_failed'
  // Optional files may be missing from a sound model, but then it does not fail by a TypeError.
  if (name === 'ModelFileNotFoundError' || (name === 'TypeError' && statuses.length > 0)) return 'model_not_found'
  if (name === 'QuotaExceededError') return 'quota_exceeded'
  if (/out of memory|bad_alloc|allocation failed|array buffer allocation/i.test(message)) return 'out_of_memory'
  if (/failed to fetch|network|load failed|occurred while trying to load file/i.test(message)) return 'download_failed'
  return 'load_failed'
}
