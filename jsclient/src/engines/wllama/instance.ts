/** llama.cpp in the package's worker, with one model. */
import { deferred } from '../../engine/abort.ts'
import { describe } from '../../engine/describe.ts'
import { raceAbort } from '../../errors/abort.ts'
import { EngineError } from '../../errors/engine-error.ts'
import { ModelLoadError } from '../../errors/engine-model-load-error.ts'
import type { ModelInfo } from '../../wire.ts'
import { crashText, diagnose, generateFailure } from './failure.ts'
import type { Log } from './log.ts'
import { createLog } from './log.ts'
import type { Memory } from './memory.ts'
import { createMemory } from './memory.ts'
import type { HostConfig } from './options.ts'
import type { ChatChunk, ChatRequest, LoadParameters, Timings, Wllama, WllamaPeer, WorkerProxy } from './peer.ts'
import type { Metadata } from './request.ts'

/**
 * Tokens of a prompt that are read at a stroke, on the CPU and on a GPU. Nothing is heard of the worker meanwhile, and
 * nothing stops it.
 */
const BATCH = 64
const GPU_BATCH = 512

/** How often to look whether a worker that is to be ended has been made. */
const WORKER_POLL_MS = 10

export interface Instance {
  readonly metadata: Metadata
  readonly memory: Memory
  /** `ready` is awaited before each token and each batch of the prompt; when it rejects, the answer ends there. */
  chat(request: ChatRequest, onChunk: (chunk: ChatChunk) => void, ready: () => Promise<void>): Promise<void>
  /** Terminates the worker. Idempotent. */
  end(): void
}

export interface InstanceOptions {
  signal: AbortSignal
  /** The worker died. */
  onLost: (message: string) => void
}

/** Rejects with a `ModelLoadError` or the signal's reason; then nothing is left of it. */
export async function startInstance(
  peer: WllamaPeer,
  model: ModelInfo,
  files: File[],
  config: HostConfig,
  { signal, onLost }: InstanceOptions,
): Promise<Instance> {
  const broken = deferred<never>()
  let running = false
  const log = createLog((message) => {
    if (running) onLost(crashText(message))
    else broken.reject(new Error(message))
  })
  const wllama = new peer.Wllama({ default: config.wasmURL }, { logger: log.logger })
  wllama.setCompat(config.compat ?? null)
  const loading = wllama.loadModel(files, parametersOf(model, config))
  let settled = false
  const settle = () => {
    settled = true
  }
  void loading.then(settle, settle)
  const end = async () => {
    // The package ends a worker that is there, and would still make one that isn't yet.
    while (!settled && !wllama.proxy?.worker) await new Promise((resolve) => setTimeout(resolve, WORKER_POLL_MS))
    await wllama.exit()
  }
  try {
    await raceAbort(Promise.race([loading, broken.promise]), signal)
    const { n_vocab, n_ctx, metadata } = wllama.getLoadedContextInfo()
    if (!n_vocab || !wllama.proxy) throw new Error('llama.cpp refused it')
    if (config.gpuLayers > 0 && log.gpuFailed) {
      throw new ModelLoadError(model.id, `${model.id} needs WebGPU, and its worker has none`, { code: 'no_webgpu' })
    }
    running = true
    const memory = createMemory(n_ctx)
    const chat = chatOf(wllama, wllama.proxy, log, memory, batchOf(config))
    return { metadata, memory, chat, end: () => void end() }
  } catch (error) {
    void end()
    signal.throwIfAborted()
    throw loadFailure(model.id, error, log.errors)
  }
}

const batchOf = ({ gpuLayers }: HostConfig) => (gpuLayers > 0 ? GPU_BATCH : BATCH)

function parametersOf(model: ModelInfo, config: HostConfig): LoadParameters {
  const { gpuLayers, numThreads } = config
  return {
    n_ctx: model.contextWindow,
    n_batch: batchOf(config),
    n_gpu_layers: gpuLayers,
    // Calls queue; one slot finds the last answer's cache again.
    n_parallel: 1,
    // An answer is all that the model writes, as with the other engines.
    reasoning_format: 'none',
    // Else every request that ends with an assistant's message would be continued.
    prefill_assistant: false,
    ...(numThreads !== undefined && { n_threads: numThreads }),
  }
}

/** The package polls its worker once a token and doesn't wait for its reader, so that is where to hold it. */
function chatOf(wllama: Wllama, proxy: WorkerProxy, log: Log, memory: Memory, batch: number): Instance['chat'] {
  const action = proxy.wllamaAction.bind(proxy)
  let ready: () => Promise<void> = async () => {}
  let polls = 0
  proxy.wllamaAction = async (name, message) => {
    if (name === 'get_result') {
      polls++
      await ready()
    }
    return action(name, message)
  }
  return async (request, onChunk, whenReady) => {
    let timings: Timings | undefined
    const onData = (chunk: ChatChunk) => {
      timings = chunk.timings ?? timings
      onChunk(chunk)
    }
    ready = whenReady
    polls = 0
    log.clear()
    try {
      await wllama.createChatCompletion({ ...request, stream: true, onData })
    } catch (error) {
      throw generateFailure(error, log, request, polls > 0)
    } finally {
      // Of a prompt that was not read to its end nothing was told.
      if (polls > 0) memory.note(timings ?? { cache_n: 0, prompt_n: polls * batch, predicted_n: 0 })
    }
  }
}

function loadFailure(id: string, error: unknown, said: readonly string[]): EngineError {
  if (error instanceof EngineError) return error
  const { message } = describe(error)
  const { code, advice } = diagnose([...said, message].join('\n'))
  return new ModelLoadError(id, `${id} could not be loaded: ${said[0] ?? message}${advice}`, { code, cause: error })
}
