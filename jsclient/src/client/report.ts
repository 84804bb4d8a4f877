import type { RouteRecord } from '../routed.ts'
import type { Grant, ModelInfo, Report, RequestInfo } from '../wire.ts'
import type { RoutedDecision } from './options.ts'
import type { TimedAttempt } from './record.ts'

/** What a report is made of. Nothing in it is text. */
export interface ReportFacts {
  /** Of the snapshot under which the request was decided. */
  readonly grant: Grant | undefined
  readonly attempt: TimedAttempt
  /** Another target was tried after it. */
  readonly handedOver: boolean
  readonly model: ModelInfo | undefined
  readonly decision: RoutedDecision
  readonly info: RequestInfo
  /** Of the whole request; undefined when it failed. */
  readonly route: RouteRecord | undefined
}

/** What there is to tell of one local attempt. */
export function reportOf(id: string, { attempt, handedOver, model, decision, info, route }: ReportFacts): Report {
  const success = attempt.outcome === 'ok'
  const speed = success ? route?.tokensPerSecond : undefined
  return {
    id,
    target: 'browser',
    modelId: attempt.model ?? 'unknown',
    ...(model && { framework: model.framework }),
    reason: decision.reason,
    promptTokens: attempt.promptTokens ?? (success && route ? route.promptTokens : (info.promptTokens ?? 0)),
    completionTokens: attempt.completionTokens ?? (success && route ? route.completionTokens : 0),
    latencyMs: attempt.ms,
    ...(attempt.ttftMs !== undefined && { ttftMs: attempt.ttftMs }),
    ...(speed !== undefined && { tokensPerSecondMilli: Math.round(speed * 1000) }),
    success,
    ...(attempt.errorCode && { errorCode: attempt.errorCode }),
    ...(handedOver && { fallback: true }),
    decidedBy: decision.decidedBy,
    ...(decision.decidedBy === 'server' && { decisionId: decision.decisionId }),
    startedAt: attempt.startedAt,
  }
}
