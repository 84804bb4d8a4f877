import { isAbortError } from '../errors/abort.ts'
import { isEdgewiseError } from '../errors/edgewise-error.ts'
import type { StreamAttempt } from '../errors/stream-interrupted-error.ts'
import { promptTokens } from '../policy/tokens.ts'
import type { Reason, RequestInfo, Target, TraceStep } from '../wire.ts'
import type { RoutedDecision } from './options.ts'

/** One try to answer a request. */
export interface RouteAttempt {
  readonly target: Target
  /** Model id; undefined when the server never said. */
  readonly model: string | undefined
  readonly outcome: 'ok' | 'failed' | 'aborted'
  /** Machine-readable kind of the failure. */
  readonly errorCode?: string
  /** Whole time, ms. */
  readonly ms: number
}

/** How an answer came about. Holds counts and codes, never text. */
export interface RouteRecord {
  readonly decisionId: string
  /** Where the decision sent it. */
  readonly target: Target
  /** Who answered. */
  readonly source: Target
  readonly reason: Reason
  /** The model that answered. */
  readonly model: string
  /** First to last; the last one answered. */
  readonly attempts: readonly RouteAttempt[]
  /** Of the attempt that answered; estimated when it gave no counts. */
  readonly promptTokens: number
  readonly completionTokens: number
  /** From the call to the end of the answer, deciding included, ms. */
  readonly latencyMs: number
  /** From the call to the first text, ms. */
  readonly ttftMs: number
  /** After the first text; undefined when the answer was too short to tell. */
  readonly tokensPerSecond: number | undefined
  /** UTF-8 bytes of prompt text that were sent to the server, all attempts together. */
  readonly promptBytesSent: number
  readonly policyRevision: string
  readonly decidedBy: 'server' | 'page'
  /** When asked for. */
  readonly trace?: readonly TraceStep[]
}

/** What the attempt that answered said of itself. */
export interface AnswerFacts {
  readonly model: string
  readonly text: string
  readonly usage: { promptTokens: number; completionTokens: number } | undefined
}

/** An attempt with its own times, for reports. */
export interface TimedAttempt extends RouteAttempt {
  /** Unix ms. */
  readonly startedAt: number
  /** From its start to the first text, ms. */
  readonly ttftMs: number | undefined
}

/** Writes the record of one request while it runs. */
export class Recorder {
  readonly attempts: TimedAttempt[] = []
  /** Errors of the attempts, for StreamInterruptedError. */
  readonly failures: StreamAttempt[] = []
  readonly #start = performance.now()
  readonly #now: () => number
  #current: { target: Target; model: string | undefined; start: number; startedAt: number } | undefined
  #firstText: number | undefined
  #promptBytesSent = 0

  constructor(now: () => number) {
    this.#now = now
  }

  begin(target: Target, model: string | undefined): void {
    this.#current = { target, model, start: performance.now(), startedAt: this.#now() }
    this.#firstText = undefined
  }

  /** Prompt text is about to leave the device. */
  sends(bytes: number): void {
    this.#promptBytesSent += bytes
  }

  /** Text came. */
  text(): void {
    this.#firstText ??= performance.now()
  }

  fail(error: unknown, signal: AbortSignal): void {
    const aborted = signal.aborted || isAbortError(error, signal)
    const attempt = this.#end(aborted ? 'aborted' : 'failed', undefined, aborted ? undefined : codeOf(error))
    if (attempt) this.failures.push({ target: attempt.target, model: attempt.model, error })
  }

  answer(decision: RoutedDecision, info: RequestInfo, facts: AnswerFacts): RouteRecord {
    const end = performance.now()
    const attempt = this.#end('ok', facts.model)
    const source = attempt?.target ?? 'server'
    // The estimator's rule for prompts is the best there is for answers too.
    const completionTokens = facts.usage?.completionTokens ?? promptTokens({ promptLength: facts.text.length })
    const first = this.#firstText
    const decodeMs = first === undefined ? 0 : end - first
    return {
      decisionId: decision.decisionId,
      target: decision.target === 'none' ? source : decision.target,
      source,
      reason: decision.reason,
      model: facts.model,
      attempts: this.attempts.map(({ startedAt: _, ttftMs: __, ...plain }) => plain),
      promptTokens: facts.usage?.promptTokens ?? promptTokens(info),
      completionTokens,
      latencyMs: ms(end - this.#start),
      ttftMs: ms((first ?? end) - this.#start),
      tokensPerSecond: completionTokens > 1 && decodeMs >= 1 ? ((completionTokens - 1) * 1000) / decodeMs : undefined,
      promptBytesSent: this.#promptBytesSent,
      policyRevision: decision.policyRevision,
      decidedBy: decision.decidedBy,
      ...(decision.trace && { trace: decision.trace }),
    }
  }

  #end(outcome: RouteAttempt['outcome'], model?: string, errorCode?: string): TimedAttempt | undefined {
    const current = this.#current
    if (!current) return undefined
    this.#current = undefined
    const attempt: TimedAttempt = {
      target: current.target,
      model: model ?? current.model,
      outcome,
      ...(errorCode && { errorCode }),
      ms: ms(performance.now() - current.start),
      startedAt: current.startedAt,
      ttftMs: this.#firstText === undefined ? undefined : ms(this.#firstText - current.start),
    }
    this.attempts.push(attempt)
    return attempt
  }
}

function codeOf(error: unknown): string {
  return (isEdgewiseError(error) && error.code) || 'unknown'
}

function ms(value: number): number {
  return Math.round(value)
}
