/** Loads tokenizer and graph in the worker. */
import { deferred } from '../../engine/abort.ts'
import type { HostLoadOptions } from '../../engine/expose.ts'
import { PEER_DEFAULT } from '../../engine/peer-default.ts'
import { BYTES_SHARE, createProgressReporter } from '../../engine/progress.ts'
import { probeAdapter, requireAdapter } from '../../engine/webgpu.ts'
import { raceAbort } from '../../errors/abort.ts'
import type { ModelInfo } from '../../wire.ts'
import { loadFailure, lossMessage } from './failure.ts'
import type { ModelFiles } from './files.ts'
import { openFiles } from './files.ts'
import type { CausalModel, ProgressInfo, Tokenizer, TransformersPeer } from './peer.ts'
import type { HostConfig } from './source.ts'
import { needsHalfFloats } from './source.ts'

export interface Resident {
  tokenizer: Tokenizer
  model: CausalModel
}

export async function loadResident(
  peer: TransformersPeer,
  info: ModelInfo,
  config: HostConfig,
  { signal, onProgress, onLost }: HostLoadOptions,
): Promise<Resident> {
  if (config.device === 'webgpu') {
    // Asked in the worker, whose adapter may differ from the page's.
    const features = needsHalfFloats(config.dtype) ? ['shader-f16'] : []
    requireAdapter(await probeAdapter(), info, { features })
  }
  const files = configure(peer, info, config, signal)
  const progress = createProgressReporter(onProgress)
  const sizes = new Map<string, { loaded: number; total: number }>()
  const progress_callback = (event: ProgressInfo) => {
    for (const [file, { total }] of Object.entries(event.files ?? {})) {
      if (!sizes.has(file)) sizes.set(file, { loaded: 0, total })
    }
    const { status, file } = event
    if (file === undefined || !(status === 'progress' || status === 'done')) return
    if (status === 'progress') sizes.set(file, { loaded: event.loaded ?? 0, total: event.total ?? 0 })
    // However few pieces it comes in: the last one too has come from the network.
    const arrives = status === 'progress' && isAmong(files.downloads, file)
    const { stage, ...rest } = sum(sizes, files.downloads, info.sizeBytes)
    progress.report({ stage: arrives ? 'download' : stage, ...rest })
  }

  const { modelId, revision, device, dtype } = config
  const options = { revision, progress_callback }
  const orphans = watchOrphans()
  try {
    const loading = Promise.all([
      peer.AutoTokenizer.from_pretrained(modelId, options),
      peer.AutoModelForCausalLM.from_pretrained(modelId, { ...options, device, dtype }),
    ])
    const [tokenizer, model] = await raceAbort(Promise.race([loading, files.failed, orphans.rejected]), signal)
    progress.finish()
    void peer.env.backends.onnx.webgpu?.device?.lost.then((loss) => onLost(lossMessage(loss)))
    return { tokenizer, model }
  } catch (error) {
    if (signal.aborted) throw signal.reason
    throw await loadFailure(info, error, files)
  } finally {
    orphans.stop()
  }
}

/**
 * Rejects with what the package leaves lying: when weights beside the graph can't be fetched, its own promise stays
 * pending for ever.
 */
function watchOrphans(): { rejected: Promise<never>; stop(): void } {
  const { promise: rejected, reject } = deferred<never>()
  const listener = (event: PromiseRejectionEvent) => {
    event.preventDefault()
    reject(event.reason)
  }
  self.addEventListener('unhandledrejection', listener)
  return { rejected, stop: () => self.removeEventListener('unhandledrejection', listener) }
}

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
    if (!isAmong(downloads, file)) continue
    loadedBytes += bytes.loaded
    totalBytes += bytes.total
  }
  // Files announce themselves one after another; the registry's size keeps the bar from starting full.
  const progress = (loaded / Math.max(total, sizeHint, 1)) * BYTES_SHARE
  if (totalBytes === 0) return { progress, stage: 'load' } as const
  const stage = loadedBytes < totalBytes ? 'download' : 'load'
  return { progress, stage, loadedBytes, totalBytes } as const
}

function isAmong(downloads: ReadonlySet<string>, file: string): boolean {
  return [...downloads].some((url) => url.endsWith(`/${file}`))
}

/** Points the package at its files. Its settings are global, which is one reason for a worker per model. */
function configure({ env }: TransformersPeer, info: ModelInfo, config: HostConfig, signal: AbortSignal): ModelFiles {
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
  const path = env.remotePathTemplate
    .replaceAll('{model}', config.modelId)
    .replaceAll('{revision}', encodeURIComponent(config.revision))
  const files = openFiles(info, new URL(path, env.remoteHost.replace(/\/?$/, '/')).href, signal)
  env.fetch = files.fetch
  env.useCustomCache = true
  env.customCache = files.cache
  return files
}
