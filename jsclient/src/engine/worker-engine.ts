/** What engines that live in a worker have in common on the page's side: a worker a load, and its end. */
import { raceAbort } from '../errors/abort.ts'
import type { EngineErrorCode } from '../errors/engine-error.ts'
import { EngineError } from '../errors/engine-error.ts'
import type { ModelInfo } from '../wire.ts'
import type { ConnectOptions, WorkerClient } from './connect.ts'
import { connect } from './connect.ts'
import type { Engine, EngineStore, EngineSupport, LoadedModel, LoadOptions } from './engine.ts'
import type { EnginePort } from './protocol.ts'
import { isInsecure, requireSecureContext } from './secure-context.ts'

/** What differs from engine to engine. */
export interface WorkerEngineParts<Config> {
  name: string
  supports: EngineSupport
  /** Why the engine can't run in a page of a secure origin. */
  obstacle?: () => Promise<EngineErrorCode | undefined>
  /** Whether a model is on disk. May reject, which means no; may load, with another configuration than `configOf`'s. */
  isCached(model: ModelInfo, load: (config: Config) => Promise<LoadedModel>): Promise<boolean>
  /** What it keeps on the device; works in the page, without a worker. Absent: nothing, or nothing that can be reached. */
  store?: EngineStore
  /** What the worker is told. Throws an `EngineError` when the app's options or the model's entry won't do. */
  configOf(model: ModelInfo): Config
  /** Makes the worker. Throws an `EngineError`, or what the browser throws. */
  startWorker(): EnginePort
  /** Times of the connection. */
  connection: ConnectOptions
}

/** Puts an engine together; no side effects. Each load has a worker of its own, which `unload` terminates. */
export function createWorkerEngine<Config>(parts: WorkerEngineParts<Config>): Engine {
  const { name, supports, connection } = parts
  const clients = new Set<WorkerClient<Config>>()

  const load = async (model: ModelInfo, config: Config, options: LoadOptions = {}): Promise<LoadedModel> => {
    const client = connect<Config>(start(parts), connection)
    clients.add(client)
    // The worker goes with the model: nothing else gives its memory back, and nothing else ends a download for certain.
    const close = () => {
      clients.delete(client)
      client.close()
    }
    void client.lost.then(close)
    try {
      await client.load(model, config, options)
    } catch (error) {
      close()
      throw error
    }
    const { generate, lost } = client
    return { model, lost, generate, unload: async () => close() }
  }

  return {
    name,
    supports,
    ...(parts.store && { store: parts.store }),

    async obstacle() {
      if (isInsecure()) return 'insecure_context'
      return typeof Worker === 'undefined' ? 'unavailable' : parts.obstacle?.()
    },

    async status(model, { signal } = {}) {
      signal?.throwIfAborted()
      const ask = async () => parts.isCached(model, (config) => load(model, config, { signal }))
      return (await raceAbort(
        ask().catch(() => false),
        signal,
      ))
        ? 'cached'
        : 'absent'
    },

    async load(model, options = {}) {
      options.signal?.throwIfAborted()
      requireSecureContext(name)
      return load(model, parts.configOf(model), options)
    },

    async dispose() {
      for (const client of clients) client.close()
      clients.clear()
    },
  }
}

function start({ startWorker, name }: Pick<WorkerEngineParts<never>, 'startWorker' | 'name'>): EnginePort {
  try {
    return startWorker()
  } catch (cause) {
    if (cause instanceof EngineError) throw cause
    throw new EngineError(`the worker of ${name} could not be made`, { stage: 'load', code: 'worker_failed', cause })
  }
}
