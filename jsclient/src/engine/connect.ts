/** The page's end of the protocol. */
import { raceAbort } from '../errors/abort.ts'
import type { EngineStage } from '../errors/engine-error.ts'
import { EngineError } from '../errors/engine-error.ts'
import { EngineLostError } from '../errors/engine-lost-error.ts'
import type { ModelInfo } from '../wire.ts'
import { deferred, onAbort } from './abort.ts'
import { describe } from './describe.ts'
import type { EngineEvent, EngineRequest, GenerateOptions, LoadOptions, LoadProgress } from './engine.ts'
import { fromErrorMessage } from './error-message.ts'
import { createInbox } from './inbox.ts'
import { watchLifeline } from './lifeline.ts'
import { notStarted } from './not-started.ts'
import type { EnginePort, HostMessage, PageMessage } from './protocol.ts'
import { isProtocolMessage, PROTOCOL_VERSION, SEEN_AT_ONCE } from './protocol.ts'
import { createQueue } from './queue.ts'
import { createWatchdog } from './watchdog.ts'

export interface ConnectOptions {
  /** Milliseconds between two pings while a call is pending; 0 = never. Defaults to 5,000. */
  heartbeatMs?: number
  /**
   * Milliseconds without any message from a pinged worker after which it counts as dead; 0 = never. A worker is silent
   * while it compiles a model or reads a long prompt, so be generous. Defaults to 120,000.
   */
  deadMs?: number
  /** Milliseconds without a token after which a generation counts as stalled; 0 = never. Defaults to 60,000. */
  stallMs?: number
  /**
   * Milliseconds until a new worker must be ready, which takes it as long as its script, megabytes with a package in it,
   * takes to come; 0 = never. Only this ends the wait for one whose script fails late, for instance in a top-level
   * `await`: browsers tell nobody. Defaults to 60,000.
   */
  startMs?: number
}

/** A worker with an engine in it, seen from the page. */
export interface WorkerClient<Config> {
  /** Resolves when the model is resident. Rejects with the signal's reason or an `EngineError`. */
  load(model: ModelInfo, config: Config, options?: LoadOptions): Promise<void>
  /** As `LoadedModel.generate`. */
  generate(request: EngineRequest, options?: GenerateOptions): AsyncGenerator<EngineEvent, void, undefined>
  /** Frees the model; the worker stays. */
  unload(): Promise<void>
  /** Resolves when the worker died or went silent. Stays pending after `close`. */
  readonly lost: Promise<EngineLostError>
  /** Terminates the worker. Pending calls throw `EngineError` "not_loaded". Idempotent. */
  close(): void
}

interface Call {
  stage: EngineStage
  onProgress?: ((progress: LoadProgress) => void) | undefined
  onEvents?: ((events: EngineEvent[]) => void) | undefined
  end(): void
  fail(error: unknown): void
}

type Body<M> = M extends unknown ? Omit<M, 'edgewise'> : never
type Start<Config> = { kind: 'load'; model: ModelInfo; config: Config } | { kind: 'unload' }

/** Connects to a worker that calls `expose`. Takes the port over: `close` and a loss terminate it. */
export function connect<Config>(port: EnginePort, options: ConnectOptions = {}): WorkerClient<Config> {
  const { heartbeatMs = 5_000, deadMs = 120_000, stallMs = 60_000, startMs = 60_000 } = options
  const calls = new Map<number, Call>()
  const started = deferred<void>()
  const lost = deferred<EngineLostError>()
  const queue = createQueue()
  let nextId = 1
  let ready = false
  let ended: EngineError | undefined
  let heartbeat: ReturnType<typeof setInterval> | undefined
  let silence: ReturnType<typeof createWatchdog> | undefined
  let stopWatching: (() => void) | undefined

  const post = (message: Body<HostMessage<Config>>) => port.postMessage({ edgewise: PROTOCOL_VERSION, ...message })

  /** Keeps listening to the worker's pulse while there is something to wait for. */
  const watch = () => {
    if (calls.size > 0 && !ended) {
      if (heartbeat !== undefined || heartbeatMs <= 0) return
      silence = createWatchdog(deadMs, () => die(`the worker was silent for ${deadMs} ms`))
      heartbeat = setInterval(() => post({ kind: 'ping' }), heartbeatMs)
    } else {
      clearInterval(heartbeat)
      heartbeat = undefined
      silence?.stop()
    }
  }

  const end = (error: EngineError) => {
    if (ended) return
    ended = error
    for (const [type, listener] of listeners) port.removeEventListener(type, listener)
    starting.stop()
    stopWatching?.()
    port.terminate?.()
    port.close?.()
    started.reject(error)
    for (const call of [...calls.values()]) call.fail(call.stage === error.stage ? error : restage(error, call.stage))
    calls.clear()
    watch()
  }

  const lose = (message: string, cause?: unknown) => {
    if (ended) return
    const error = new EngineLostError(message, { cause })
    end(error)
    lost.resolve(error)
  }

  const die = (what: string) => lose(`${what}; load the model again`)

  /** The worker itself says that it is done for. */
  const fail = (error: EngineError) => (error.code === 'lost' ? lose(error.message, error.cause) : end(error))

  const starting = createWatchdog(startMs, () => end(notStarted(`It was not ready after ${startMs} ms.`)))

  const onMessage = (event: Event) => {
    const { data } = event as MessageEvent<unknown>
    if (!isProtocolMessage(data)) return
    silence?.feed()
    const message = data as PageMessage
    if (message.kind === 'fatal') return fail(fromErrorMessage(message.error))
    if (message.edgewise !== PROTOCOL_VERSION) {
      const text = `the page speaks version ${PROTOCOL_VERSION} of the protocol and the worker version ${message.edgewise}: build both from one release`
      return end(new EngineError(text, { stage: 'load', code: 'protocol' }))
    }
    if (message.kind === 'ready') {
      ready = true
      starting.stop()
      if (message.lock) stopWatching ??= watchLifeline(message.lock, () => die('the worker is gone: it was ended'))
      return started.resolve()
    }
    if (message.kind === 'pong') return
    const call = calls.get(message.id)
    if (!call) return
    if (message.kind === 'progress') return call.onProgress?.(message.progress)
    if (message.kind === 'events') return call.onEvents?.(message.events)
    calls.delete(message.id)
    watch()
    if (message.kind === 'end') return call.end()
    const error = fromErrorMessage(message.error)
    call.fail(error)
    if (error.code === 'lost') fail(error)
  }

  const onError = (event: Event) => {
    const { message = '' } = event as Partial<ErrorEvent>
    if (ready) return die(`the worker failed (${message || 'uncaught error'})`)
    end(notStarted(message))
  }

  const listeners: [string, (event: Event) => void][] = [
    ['message', onMessage],
    ['error', onError],
    ['messageerror', () => die('a message to or from the worker could not be read')],
    ['close', () => die('the port to the worker was closed')],
  ]
  for (const [type, listener] of listeners) port.addEventListener(type, listener)
  port.start?.()
  post({ kind: 'hello' })

  const register = (call: Call, settled?: () => void): number => {
    if (ended) {
      settled?.()
      throw ended
    }
    const id = nextId++
    calls.set(id, {
      ...call,
      end() {
        settled?.()
        call.end()
      },
      fail(error) {
        settled?.()
        call.fail(error)
      },
    })
    watch()
    return id
  }

  /** Sends what starts a call; what can't be cloned fails that call alone. */
  const send = (id: number, message: Body<HostMessage<Config>>) => {
    try {
      post(message)
    } catch (cause) {
      const call = calls.get(id)
      calls.delete(id)
      watch()
      const stage = message.kind === 'generate' ? 'generate' : 'load'
      const code = stage === 'generate' ? 'generate_failed' : 'misconfigured'
      call?.fail(
        new EngineError(`the call can't be sent to the worker: ${describe(cause).message}`, { stage, code, cause }),
      )
    }
  }

  const request = async (start: Start<Config>, { signal, onProgress }: LoadOptions): Promise<void> => {
    signal?.throwIfAborted()
    const result = deferred<void>()
    const id = register({ stage: 'load', onProgress, end: () => result.resolve(), fail: result.reject })
    const stop = onAbort(signal, () => {
      post({ kind: 'abort', id })
      // The worker ends it in its own time; nothing more is heard of it.
      const call = calls.get(id)
      if (call) call.onProgress = undefined
    })
    try {
      // Whatever ends the worker before it started fails this call, too, and at its own stage.
      await raceAbort(
        started.promise.catch(() => result.promise),
        signal,
      )
      send(id, { ...start, id })
      await raceAbort(result.promise, signal)
    } finally {
      stop()
    }
  }

  return {
    lost: lost.promise,
    load: (model, config, loadOptions = {}) => request({ kind: 'load', model, config }, loadOptions),
    unload: () => request({ kind: 'unload' }, {}),
    close: () => end(new EngineError('the model was unloaded', { stage: 'generate', code: 'not_loaded' })),

    async *generate(engineRequest, { signal } = {}) {
      // The turn ends when the worker says so, not when the caller leaves: the next call starts on an idle engine.
      const release = await queue.acquire(signal)
      if (signal?.aborted) {
        release()
        throw signal.reason
      }
      const inbox = createInbox<EngineEvent>()
      let held = 0 // tokens that came and that the caller is not done with
      let unsaid = 0 // tokens that the caller is done with and the worker does not know of
      let left = false
      const dog = createWatchdog(stallMs, () => {
        const message = `no token came for ${stallMs} ms, so the worker was terminated; load the model again, or raise stallMs`
        inbox.fail(new EngineError(message, { stage: 'generate', code: 'stalled' }))
        lose(message)
      })
      const id = register(
        {
          stage: 'generate',
          onEvents(events) {
            for (const event of events) {
              if (event.type === 'delta') held += event.tokens
              inbox.push(event)
            }
            if (held > 0 && !left)
              dog.pause() // the engine may be waiting for the caller
            else dog.feed()
          },
          end: () => inbox.end(),
          fail: (error) => inbox.fail(error),
        },
        () => {
          dog.stop()
          release()
        },
      )
      /** The watchdog stays until the worker is idle: it may hang in the middle of a stop, with the turn in its hands. */
      const leave = () => {
        if (left || !calls.has(id)) return
        left = true
        dog.feed()
        post({ kind: 'abort', id })
      }
      const stop = onAbort(signal, () => {
        leave()
        inbox.fail(signal?.reason, true)
      })
      try {
        send(id, { kind: 'generate', id, request: engineRequest })
        for await (const event of inbox) {
          yield event
          if (event.type !== 'delta' || event.tokens === 0) continue
          held -= event.tokens
          if (held === 0) dog.feed()
          unsaid += event.tokens
          if (unsaid < SEEN_AT_ONCE || !calls.has(id)) continue
          post({ kind: 'seen', id, tokens: unsaid })
          unsaid = 0
        }
      } finally {
        stop()
        leave()
      }
    },
  }
}

/** The same error, seen by a call of the other stage. */
function restage(error: EngineError, stage: EngineStage): EngineError {
  const { message, code, cause } = error
  return code === 'lost'
    ? new EngineLostError(message, { stage, cause })
    : new EngineError(message, { stage, code, cause })
}
