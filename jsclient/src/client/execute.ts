import { isEngineError } from '../errors/engine-error.ts'
import { isEngineUnsupportedError } from '../errors/engine-unsupported-error.ts'
import { isNetworkError } from '../errors/network-error.ts'
import { isBusy, isServerError } from '../errors/server-error.ts'
import { isStreamInterruptedError, type Resume, StreamInterruptedError } from '../errors/stream-interrupted-error.ts'
import type { RouteRecord, StreamEvent } from '../routed.ts'
import type { Target } from '../wire.ts'
import { Answer } from './answer.ts'
import type { AttemptEnd, AttemptEvent } from './attempt.ts'
import { continued, EchoError, isComplete, isContinuable, lengthReached, requestRest } from './continuation.ts'
import type { Routed } from './decision.ts'
import type { RoutingOptions } from './options.ts'
import type { PreparedRequest } from './prepare.ts'
import type { Recorder } from './record.ts'

/** What the executor yields; every way to ask the client is a view of it. */
export type ExecutionEvent =
  | (Extract<AttemptEvent, { type: 'delta' }> & { readonly source: Target })
  | Extract<StreamEvent, { type: 'handover' | 'reset' }>
  | (Omit<AttemptEnd, 'type'> & { readonly type: 'done'; readonly text: string; readonly route: RouteRecord })

/** One request to be carried out. */
export interface Execution {
  readonly decision: Routed
  readonly request: PreparedRequest
  readonly recorder: Recorder
  readonly signal: AbortSignal
  /** The caller gets deltas as they come. */
  readonly handsOut: boolean
  /** An answer may begin again after a delta was handed out. */
  readonly restarts: boolean
  /** What the caller has of the answer already: the rest is wanted. */
  readonly answer?: Answer | undefined
  /** Whether a target can go on with what another one said. */
  canContinue(target: Target): boolean
  /** Tries one target. */
  attempt(target: Target, request: PreparedRequest): AsyncGenerator<AttemptEvent, void, undefined>
  /** Makes the way to ask for the rest of an answer that broke off. */
  resumeWith(answer: Answer): Resume
}

/** How the next target takes over. */
type Takeover = 'begin' | 'continue' | 'restart'

/**
 * Carries a decision out: tries its target, and after a failure its fallback, once, if and only if the decision permits
 * one. An abort ends everything. Until there is text, nobody need notice; after that the other target goes on where the
 * first one broke off, or begins again where the caller can take that, or the answer fails with a StreamInterruptedError.
 * Text is never doubled, and a target has ended before the next one begins.
 */
export async function* execute(run: Execution): AsyncGenerator<ExecutionEvent, void, undefined> {
  const { decision, request, recorder, signal } = run
  let { target, fallback } = decision
  let answer = run.answer ?? new Answer()
  let takeover: Takeover = 'begin'
  if (run.answer) {
    if (isComplete(request, answer)) return yield* complete(run, answer)
    const can = (target: Target): boolean => isContinuable(request, answer) && run.canContinue(target)
    // Whoever can go on is asked first.
    if (!can(target) && fallback && can(fallback)) [target, fallback] = [fallback, target]
    takeover = can(target) ? 'continue' : 'restart'
  }
  for (;;) {
    // What the caller has stays until there is something to take its place.
    const current = takeover === 'restart' ? new Answer() : answer
    try {
      for await (const event of attempt(run, target, answer, takeover === 'continue')) {
        if (answer !== current && run.handsOut) yield { type: 'reset' }
        answer = current
        if (event.type === 'delta') {
          answer.add(event, target)
          if (event.text !== '') recorder.text(event.tokens)
          yield { ...event, source: target }
          signal.throwIfAborted()
        } else {
          return yield done(run, target, answer, event)
        }
      }
      throw new StreamInterruptedError(answer.text, [])
    } catch (error) {
      recorder.fail(error, signal)
      signal.throwIfAborted()
      if (wishOf(run) === 'continue' && isComplete(request, answer)) return yield* complete(run, answer)
      const next = fallback !== target && mayHandOver(error) ? fallback : undefined
      // Who can't go on, whatever was declared, may still be able to begin.
      const begins = takeover === 'continue' && run.restarts && isAgainstContinuing(error)
      const way = next ? takeoverAt(run, next, answer) : begins ? 'restart' : undefined
      if (!way) throw interrupted(run, answer, error)
      if (next) yield { type: 'handover', from: target, to: next, continues: way === 'continue', error }
      takeover = way
      target = next ?? target
      fallback = undefined
    }
  }
}

/** Asks one target, for the whole answer or for what is missing of it. */
async function* attempt(
  run: Execution,
  target: Target,
  answer: Answer,
  continues: boolean,
): AsyncGenerator<AttemptEvent, void, undefined> {
  const { decision, request, recorder, signal } = run
  const asked = continues ? requestRest(request, answer) : request
  recorder.begin(target, target === 'browser' ? decision.modelInfo?.id : undefined, continues)
  if (target === 'server') recorder.sends(asked.promptBytes)
  signal.throwIfAborted()
  const events = run.attempt(target, asked)
  yield* continues ? continued(events, asked, answer) : events
}

function done({ decision, request, recorder }: Execution, source: Target, answer: Answer, end: AttemptEnd) {
  const { model, usage, own } = end
  const { text, tokens } = answer
  const route = recorder.answer(decision, request.info, { source, model, tokens, usage, own })
  return { ...end, type: 'done', text, route } as const
}

/** How a target may take over; undefined = not at all. */
function takeoverAt(run: Execution, next: Target, answer: Answer): Takeover | undefined {
  if (!answer.begun) return 'begin'
  const wish = wishOf(run)
  if (wish === 'fail') return undefined
  if (wish === 'continue' && isContinuable(run.request, answer) && run.canContinue(next)) return 'continue'
  return run.restarts ? 'restart' : undefined
}

/** Says the word that a complete answer lacks. */
function* complete(run: Execution, answer: Answer): Generator<ExecutionEvent, void, undefined> {
  const { source = run.decision.target } = answer
  for (const event of lengthReached(answer)) {
    yield event.type === 'end' ? done(run, source, answer, event) : { ...event, source }
  }
}

function wishOf({ request, handsOut }: Execution): NonNullable<RoutingOptions['handover']> {
  return request.options.handover ?? (handsOut ? 'continue' : 'restart')
}

/** The error of an answer that nobody takes over. Where there is nothing of it, the cause is the more telling. */
function interrupted({ recorder, resumeWith }: Execution, answer: Answer, error: unknown): unknown {
  if (!answer.begun) return error
  // What broke the stream, without the transport's wrapping.
  const cause = isStreamInterruptedError(error) ? (error.cause ?? error) : error
  return new StreamInterruptedError(answer.text, recorder.failures, { cause, resume: resumeWith(answer) })
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

/** Whether an error says that the rest of an answer can't be had there, though the whole of it might. */
function isAgainstContinuing(error: unknown): boolean {
  return (
    error instanceof EchoError || isEngineUnsupportedError(error) || (isServerError(error) && UNABLE.has(error.status))
  )
}

const UNABLE: ReadonlySet<number> = new Set([400, 404, 422])

/** Whether another target may do better. A request that is wrong, or not allowed, is so everywhere. */
function mayHandOver(error: unknown): boolean {
  if (isServerError(error)) {
    const { status, type } = error
    return status >= 500 || isBusy(status) || (status < 400 && (type === 'server_error' || type === 'rate_limit_error'))
  }
  return isEngineError(error) || isNetworkError(error) || isStreamInterruptedError(error) || error instanceof EchoError
}
