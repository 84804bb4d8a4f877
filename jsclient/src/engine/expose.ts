/** The worker's end of the protocol. */
import { EngineError } from '../errors/engine-error.ts'
import { EngineLostError } from '../errors/engine-lost-error.ts'
import type { ModelInfo } from '../wire.ts'
import { deferred } from './abort.ts'
import type { EngineEvent, EngineRequest, LoadProgress } from './engine.ts'
import { toErrorMessage } from './error-message.ts'
import type { Lead } from './lead.ts'
import { createLead } from './lead.ts'
import { holdLifeline } from './lifeline.ts'
import type { EnginePort, HostMessage, PageMessage } from './protocol.ts'
import { isProtocolMessage, PROTOCOL_VERSION } from './protocol.ts'
import { createQueue } from './queue.ts'
import { sealNetwork } from './seal.ts'

/** What runs in the worker. Calls are guaranteed not to overlap. */
export interface EngineHost<Config> {
  /** Must stop when the signal aborts; what it then throws does not matter. */
  load(model: ModelInfo, config: Config, options: HostLoadOptions): Promise<void>
  /**
   * Must emit exactly one `done`, unless it throws or is aborted. Must leave the engine ready for the next call, or throw
   * an `EngineLostError`.
   */
  generate(request: EngineRequest, options: HostGenerateOptions): Promise<void>
  unload(): Promise<void>
}

export interface HostLoadOptions {
  signal: AbortSignal
  onProgress: (progress: LoadProgress) => void
  /** Call it when the model is dead, also while nothing is asked of it; the page then terminates the worker. */
  onLost: (message: string) => void
}

export interface HostGenerateOptions {
  signal: AbortSignal
  emit: (event: EngineEvent) => void
  /** Await it before each token: resolves when the caller has caught up, or the call was aborted. */
  caughtUp: () => Promise<void>
}

/** Message without its envelope. */
type Body<M> = M extends unknown ? Omit<M, 'edgewise'> : never

/**
 * Serves `host` on the port, `self` in a worker. Such a worker is the engine's own, and gives up the network once a model
 * is resident: it can load no other. The function returned stops serving and aborts what runs.
 */
export function expose<Config>(port: EnginePort, host: EngineHost<Config>): () => void {
  const queue = createQueue()
  const calls = new Map<number, AbortController>()
  const leads = new Map<number, Lead>()
  const stopped = deferred<void>()
  let lock: string | undefined
  const post = (message: Body<PageMessage>) => port.postMessage({ edgewise: PROTOCOL_VERSION, ...message })
  const sayReady = () => post({ kind: 'ready', ...(lock !== undefined && { lock }) })

  const run = async (id: number, stage: 'load' | 'generate', work: (signal: AbortSignal) => Promise<void>) => {
    const controller = new AbortController()
    calls.set(id, controller)
    let release: (() => void) | undefined
    try {
      release = await queue.acquire(controller.signal)
      await work(controller.signal)
      post({ kind: 'end', id })
    } catch (error) {
      post({ kind: 'error', id, error: toErrorMessage(error, stage) })
    } finally {
      calls.delete(id)
      release?.()
    }
  }

  const onMessage = (event: Event) => {
    const { data } = event as MessageEvent<unknown>
    if (!isProtocolMessage(data)) return
    if (data.edgewise !== PROTOCOL_VERSION) {
      const error = new EngineError(
        `the worker speaks version ${PROTOCOL_VERSION} of the protocol and the page version ${data.edgewise}: build both from one release`,
        { stage: 'load', code: 'protocol' },
      )
      post({ kind: 'fatal', error: toErrorMessage(error, 'load') })
      return
    }
    const message = data as HostMessage<Config>
    switch (message.kind) {
      case 'hello':
        return sayReady()
      case 'ping':
        return post({ kind: 'pong' })
      case 'abort':
        return calls.get(message.id)?.abort()
      case 'seen':
        return leads.get(message.id)?.shrink(message.tokens)
      case 'load': {
        const { id, model, config } = message
        const onProgress = (progress: LoadProgress) => post({ kind: 'progress', id, progress })
        const onLost = (text: string) =>
          post({ kind: 'fatal', error: toErrorMessage(new EngineLostError(text), 'generate') })
        void run(id, 'load', async (signal) => {
          await host.load(model, config, { signal, onProgress, onLost })
          if (port === globalThis) sealNetwork()
        })
        return
      }
      case 'generate': {
        const { id, request } = message
        void run(id, 'generate', async (signal) => {
          const batch = createBatch((events) => post({ kind: 'events', id, events }))
          const lead = createLead(signal)
          leads.set(id, lead)
          const emit = (event: EngineEvent) => {
            if (event.type === 'delta') lead.grow(event.tokens)
            batch.add(event)
          }
          try {
            await host.generate(request, { signal, emit, caughtUp: lead.gone })
          } finally {
            leads.delete(id)
            batch.flush()
          }
        })
        return
      }
      case 'unload':
        void run(message.id, 'load', () => host.unload())
    }
  }

  port.addEventListener('message', onMessage)
  port.start?.()
  sayReady()
  // A page that serves an engine itself hears of its own end.
  if (!('document' in globalThis)) {
    void holdLifeline(stopped.promise).then((name) => {
      lock = name
      if (lock) sayReady()
    })
  }
  return () => {
    stopped.resolve()
    port.removeEventListener('message', onMessage)
    for (const controller of calls.values()) controller.abort()
  }
}

/** Events that are emitted in one turn of the event loop travel in one message. */
function createBatch(send: (events: EngineEvent[]) => void) {
  let events: EngineEvent[] = []
  const flush = () => {
    if (events.length === 0) return
    const full = events
    events = []
    send(full)
  }
  return {
    flush,
    add(event: EngineEvent) {
      if (events.push(event) === 1) queueMicrotask(flush)
    },
  }
}
