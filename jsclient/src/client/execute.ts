import { isEngineError } from '../errors/engine-error.ts'
import { isNetworkError } from '../errors/network-error.ts'
import { isBusy, isServerError } from '../errors/server-error.ts'
import { isStreamInterruptedError, StreamInterruptedError } from '../errors/stream-interrupted-error.ts'
import type { Target } from '../wire.ts'
import type { AttemptEnd, AttemptEvent } from './attempt.ts'
import type { RoutedDecision } from './options.ts'
import type { PreparedRequest } from './prepare.ts'
import type { Recorder, RouteRecord } from './record.ts'

/** What the executor yields; every way to ask the client is a view of it. */
export type ExecutionEvent =
  | (Extract<AttemptEvent, { type: 'delta' }> & { readonly source: Target })
  | {
      /** The answer begins at another target. */
      readonly type: 'handover'
      readonly from: Target
      readonly to: Target
      /** Why the first one gave up. */
      readonly error: unknown
    }
  | {
      /** Drop the text so far: the answer begins again. */
      readonly type: 'reset'
    }
  | (Omit<AttemptEnd, 'type'> & { readonly type: 'done'; readonly text: string; readonly route: RouteRecord })

/** One request to be carried out. */
export interface Execution {
  readonly decision: RoutedDecision & { readonly target: Target }
  readonly request: PreparedRequest
  readonly recorder: Recorder
  readonly signal: AbortSignal
  /** The caller gets deltas as they come. */
  readonly handsOut: boolean
  /** An answer may begin again after a delta was handed out. */
  readonly restarts: boolean
  /** Tries one target. */
  attempt(target: Target): AsyncGenerator<AttemptEvent, void, undefined>
}

/**
 * Carries a decision out: tries its target, and after a failure its fallback, once, if and only if the decision permits
 * one. An abort ends everything. After a delta was handed out it restarts, where the caller can take that, or fails with
 * StreamInterruptedError; text is never doubled.
 */
export async function* execute(run: Execution): AsyncGenerator<ExecutionEvent, void, undefined> {
  const { decision, request, recorder, signal } = run
  let target = decision.target
  let fallback = decision.fallback
  for (;;) {
    recorder.begin(target, target === 'browser' ? decision.modelInfo?.id : undefined)
    if (target === 'server') recorder.sends(request.promptBytes)
    let text = ''
    let begun = false
    try {
      signal.throwIfAborted()
      for await (const event of run.attempt(target)) {
        if (event.type === 'delta') {
          begun = true
          text += event.text
          if (event.text !== '') recorder.text()
          yield { ...event, source: target }
          signal.throwIfAborted()
        } else {
          const route = recorder.answer(decision, request.info, { model: event.model, text, usage: event.usage })
          yield { ...event, type: 'done', text, route }
          return
        }
      }
      throw new StreamInterruptedError(text, [])
    } catch (error) {
      recorder.fail(error, signal)
      signal.throwIfAborted()
      const handedOut = begun && run.handsOut
      const next: Target | undefined = fallback !== target && mayHandOver(error) ? fallback : undefined
      if (!next || (handedOut && !run.restarts)) {
        throw handedOut ? new StreamInterruptedError(text, recorder.failures, { cause: causeOf(error) }) : error
      }
      yield { type: 'handover', from: target, to: next, error }
      if (handedOut) yield { type: 'reset' }
      target = next
      fallback = undefined
    }
  }
}

/** Waits for the end; `watch` sees what comes before it. */
export async function finish(
  events: AsyncIterable<ExecutionEvent>,
  watch: (event: ExecutionEvent) => void = () => {},
): Promise<Extract<ExecutionEvent, { type: 'done' }>> {
  for await (const event of events) {
    if (event.type === 'done') return event
    watch(event)
  }
  throw new Error('unreachable: an execution ends with done, or throws')
}

/** Whether another target may do better. A request that is wrong, or not allowed, is so everywhere. */
function mayHandOver(error: unknown): boolean {
  if (isServerError(error)) {
    const { status, type } = error
    return status >= 500 || isBusy(status) || (status < 400 && (type === 'server_error' || type === 'rate_limit_error'))
  }
  return isEngineError(error) || isNetworkError(error) || isStreamInterruptedError(error)
}

/** What broke the stream, without the transport's wrapping. */
function causeOf(error: unknown): unknown {
  return isStreamInterruptedError(error) ? (error.cause ?? error) : error
}
