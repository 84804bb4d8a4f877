/** A model that is loaded in a worker of its own. */
import { deferred, onAbort } from '../../engine/abort.ts'
import type { LoadedModel } from '../../engine/engine.ts'
import { createQueue } from '../../engine/queue.ts'
import type { Watchdog } from '../../engine/watchdog.ts'
import { createWatchdog } from '../../engine/watchdog.ts'
import type { DeviceFacts } from '../../engine/webgpu.ts'
import { EngineError } from '../../errors/engine-error.ts'
import { EngineLostError } from '../../errors/engine-lost-error.ts'
import type { ModelInfo } from '../../wire.ts'
import { failureOf } from './failure.ts'
import type { MLCEngine } from './peer.ts'
import type { Dialect } from './request.ts'
import { toChatRequest } from './request.ts'
import type { Run } from './run.ts'
import { startRun } from './run.ts'

export interface SessionOptions {
  model: ModelInfo
  engine: MLCEngine
  worker: Worker
  dialect: Dialect
  /** Milliseconds without a chunk. */
  stallMs: number
  /** Another device of the same GPU process: the only way to hear that the process crashed. */
  sentinel?: DeviceFacts | undefined
  /** Called once when the session is over. */
  onEnd: () => void
}

export function createSession(options: SessionOptions): LoadedModel {
  const { model, engine, worker, dialect, stallMs, sentinel, onEnd } = options
  const queue = createQueue()
  const lost = deferred<EngineLostError>()
  let ended: EngineError | undefined
  let current: { run: Run; release: () => void; dog: Watchdog } | undefined

  const end = (error: EngineError) => {
    if (ended) return
    ended = error
    worker.removeEventListener('error', onError)
    worker.removeEventListener('messageerror', onError)
    worker.terminate()
    sentinel?.destroy()
    current?.run.events.fail(error)
    current?.dog.stop()
    // A terminated worker never answers, so nobody else ends the turn.
    current?.release()
    onEnd()
  }
  const lose = (message: string, cause?: unknown) => {
    if (ended) return
    const error = new EngineLostError(message, { cause })
    end(error)
    lost.resolve(error)
  }
  const onError = (event: Event) => lose(`WebLLM's worker failed: ${(event as Partial<ErrorEvent>).message ?? ''}`)
  worker.addEventListener('error', onError)
  worker.addEventListener('messageerror', onError)
  void sentinel?.lost.then(({ message }) => lose(`the GPU device was lost: ${message}`))

  return {
    model,
    lost: lost.promise,
    unload: async () => end(new EngineError('the model was unloaded', { stage: 'generate', code: 'not_loaded' })),

    async *generate(request, { signal } = {}) {
      signal?.throwIfAborted()
      if (ended) throw ended
      const chat = toChatRequest(request, dialect)
      const release = await queue.acquire(signal)
      if (ended) {
        release()
        throw ended
      }
      const dog = createWatchdog(stallMs, () => {
        const message = `WebLLM gave no token for ${stallMs} ms; its worker was terminated`
        run.events.fail(new EngineError(message, { stage: 'generate', code: 'stalled' }))
        lose(message)
      })
      const run = startRun(engine, chat, request, dog)
      current = { run, release, dog }
      let running = true
      const settled = () => {
        running = false
        dog.stop()
        release()
      }
      run.drained.then(settled, (error: unknown) => {
        settled()
        const failure = failureOf(error, 'generate')
        // After a lost device WebLLM unloads by itself; we never do.
        if (failure.code === 'lost' || failure.code === 'not_loaded') return lose(failure.message, error)
        const { code, message } = failure
        run.events.fail(
          error instanceof EngineError ? error : new EngineError(message, { stage: 'generate', code, cause: error }),
        )
      })
      const stop = onAbort(signal, () => {
        run.events.fail(signal?.reason, true)
        run.interrupt()
      })
      try {
        for await (const event of run.events) {
          yield event
          if (event.type === 'delta') run.seen(event.tokens)
        }
      } finally {
        stop()
        // Left early. The watchdog stays until the engine is idle: it may hang in the middle of a stop.
        if (running && !signal?.aborted && !ended) run.interrupt()
      }
    },
  }
}
