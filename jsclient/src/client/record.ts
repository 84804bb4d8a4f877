import { isAbortError } from '../errors/abort.ts'
import { isEdgewiseError } from '../errors/edgewise-error.ts'
import type { StreamAttempt } from '../errors/stream-interrupted-error.ts'
import { promptTokens } from '../policy/tokens.ts'
import type { RouteAttempt, RouteRecord } from '../routed.ts'
import type { RequestInfo, Target } from '../wire.ts'
import type { AttemptUsage } from './attempt.ts'
import type { RoutedDecision } from './options.ts'

/** What the attempt that answered said of itself. */
export interface AnswerFacts {
  /** Who ended it. */
  readonly source: Target
  readonly model: string
  /** Of the whole answer, counted or estimated. */
  readonly tokens: number
  /** Of the whole answer, as it was told. */
  readonly usage: AttemptUsage | undefined
  /** Of the attempt alone, where that is not the whole. */
  readonly own?: AttemptUsage | undefined
}

/** An attempt with its own times, for reports. */
export interface TimedAttempt extends RouteAttempt {
  /** Unix ms. */
  readonly startedAt: number
  /** From its start to the first text, ms. */
  readonly ttftMs: number | undefined
}

/** What an answer that is asked for once more has behind it. */
export type Earlier = Pick<RouteRecord, 'attempts' | 'promptBytesSent'> & {
  readonly failures: readonly StreamAttempt[]
}

/** The attempt that runs. */
interface Current {
  readonly target: Target
  readonly model: string | undefined
  readonly continued: boolean
  readonly start: number
  /** Unix ms. */
  readonly startedAt: number
  firstText: number | undefined
  /** Tokens of its text; undefined = nobody counts them. */
  tokens: number | undefined
}

/** Writes the record of one request while it runs. */
export class Recorder {
  readonly attempts: TimedAttempt[] = []
  /** Errors of the attempts, for StreamInterruptedError. */
  readonly failures: StreamAttempt[]
  /** Of the request, Unix ms. */
  readonly startedAt: number
  readonly #start = performance.now()
  readonly #now: () => number
  readonly #earlier: readonly RouteAttempt[]
  #current: Current | undefined
  /** When the first text of the answer came. */
  #firstText: number | undefined
  #promptBytesSent: number

  constructor(now: () => number, { attempts = [], failures = [], promptBytesSent = 0 }: Partial<Earlier> = {}) {
    this.#now = now
    this.startedAt = now()
    this.#earlier = attempts
    this.failures = [...failures]
    this.#promptBytesSent = promptBytesSent
  }

  /** What there is so far, for the record of whoever asks for the rest. */
  get sofar(): Earlier {
    return { attempts: this.#all(), failures: this.failures, promptBytesSent: this.#promptBytesSent }
  }

  /** Somebody begins the answer, or goes on with it. */
  begin(target: Target, model: string | undefined, continued: boolean): void {
    const start = performance.now()
    const startedAt = this.#now()
    this.#current = { target, model, continued, start, startedAt, firstText: undefined, tokens: 0 }
    if (!continued) this.#firstText = undefined
  }

  /** Prompt text is about to leave the device. */
  sends(bytes: number): void {
    this.#promptBytesSent += bytes
  }

  /** Text came; `tokens` are undefined where nobody counts them. */
  text(tokens: number | undefined): void {
    const current = this.#current
    this.#firstText ??= performance.now()
    if (!current) return
    current.firstText ??= performance.now()
    current.tokens = current.tokens === undefined || tokens === undefined ? undefined : current.tokens + tokens
  }

  fail(error: unknown, signal: AbortSignal): void {
    const aborted = signal.aborted || isAbortError(error, signal)
    const tokens = this.#current?.tokens
    const facts = { ...(!aborted && { errorCode: codeOf(error) }), ...(tokens && { completionTokens: tokens }) }
    const attempt = this.#end(aborted ? 'aborted' : 'failed', facts)
    if (attempt) this.failures.push({ target: attempt.target, model: attempt.model, error })
  }

  answer(decision: RoutedDecision, info: RequestInfo, facts: AnswerFacts): RouteRecord {
    const { source, model, usage, own = usage } = facts
    const end = performance.now()
    const decodeMs = end - (this.#current?.firstText ?? end)
    const attempt = this.#current
    this.#end('ok', { model, ...own })
    const completionTokens = usage?.completionTokens ?? facts.tokens
    const tokens = own?.completionTokens ?? (attempt?.continued ? (attempt.tokens ?? 0) : completionTokens)
    return {
      decisionId: decision.decisionId,
      target: decision.target === 'none' ? source : decision.target,
      source,
      reason: decision.reason,
      model,
      attempts: this.#all(),
      promptTokens: usage?.promptTokens ?? promptTokens(info),
      completionTokens,
      latencyMs: ms(end - this.#start),
      ttftMs: ms((this.#firstText ?? end) - this.#start),
      tokensPerSecond: tokens > 1 && decodeMs >= 1 ? ((tokens - 1) * 1000) / decodeMs : undefined,
      promptBytesSent: this.#promptBytesSent,
      policyRevision: decision.policyRevision,
      decidedBy: decision.decidedBy,
      ...(decision.trace && { trace: decision.trace }),
    }
  }

  #all(): RouteAttempt[] {
    return [...this.#earlier, ...this.attempts.map(({ startedAt: _, ttftMs: __, ...plain }) => plain)]
  }

  #end(outcome: RouteAttempt['outcome'], facts: Partial<RouteAttempt>): TimedAttempt | undefined {
    const current = this.#current
    if (!current) return undefined
    this.#current = undefined
    const { target, model, continued, start, startedAt, firstText } = current
    const attempt: TimedAttempt = {
      target,
      model,
      outcome,
      ...(continued && { continued }),
      ms: ms(performance.now() - start),
      startedAt,
      ttftMs: firstText === undefined ? undefined : ms(firstText - start),
      ...facts,
    }
    this.attempts.push(attempt)
    return attempt
  }
}

/** Machine-readable kind of a failure. */
export function codeOf(error: unknown): string {
  return (isEdgewiseError(error) && error.code) || 'unknown'
}

function ms(value: number): number {
  return Math.round(value)
}
