import type { RouteAttempt, RouteRecord } from '../routed.ts'
import type { DeviceCapabilities, ModelState, Reason, Target, UserMode } from '../wire.ts'
import type { RoutedDecision } from './options.ts'

/** Requests that are remembered. */
const MAX_ENTRIES = 50

/** How one request went, in counts and codes: no text, and no ids that the app gave. */
export interface RouteLogEntry {
  /** When it was made, Unix ms. */
  readonly at: number
  readonly outcome: 'ok' | 'failed' | 'aborted'
  /** Machine-readable kind of the failure. */
  readonly errorCode?: string
  readonly localOnly: boolean
  /** Absent when nothing was decided. */
  readonly decision?: {
    readonly target: Target
    readonly reason: Reason
    /** The model that would answer in the browser. */
    readonly model: string | undefined
    readonly fallback: Target | undefined
    readonly decidedBy: RoutedDecision['decidedBy']
    readonly policyRevision: string
  }
  /** First to last. */
  readonly attempts: readonly RouteAttempt[]
  /** Absent when there was no whole answer. */
  readonly answer?: Pick<
    RouteRecord,
    | 'source'
    | 'model'
    | 'promptTokens'
    | 'completionTokens'
    | 'latencyMs'
    | 'ttftMs'
    | 'tokensPerSecond'
    | 'promptBytesSent'
  >
}

/** What there is to tell of a client that somebody wonders about, as JSON: counts, codes and names, never text. */
export interface DebugExport {
  /** Unix ms. */
  readonly at: number
  /** Absent before it was detected. */
  readonly device?: DeviceCapabilities
  readonly mode: UserMode
  /** Absent without a snapshot to decide by. */
  readonly policy?: { readonly revision: string; readonly isStale: boolean }
  /** By model id. */
  readonly models: Readonly<Record<string, ModelState>>
  /** Why engines can't run here, by name. */
  readonly obstacles: Readonly<Record<string, string>>
  /** Reports that the server has not acknowledged. */
  readonly reportsWaiting: number
  /** The last requests of this page, oldest first; 50 at most. */
  readonly routes: readonly RouteLogEntry[]
}

/** Remembers how the last requests went. */
export class RouteLog {
  #entries: RouteLogEntry[] = []

  get entries(): readonly RouteLogEntry[] {
    return this.#entries
  }

  add(entry: RouteLogEntry): void {
    this.#entries = [...this.#entries, entry].slice(-MAX_ENTRIES)
  }
}

/** The part of a decision that goes into the log. */
export function logged({ target, reason, modelInfo, fallback, ...rest }: RoutedDecision & { readonly target: Target }) {
  const { decidedBy, policyRevision } = rest
  return { target, reason, model: modelInfo?.id, fallback, decidedBy, policyRevision }
}

/** The part of a route record that goes into the log. */
export function answered(route: RouteRecord): NonNullable<RouteLogEntry['answer']> {
  const { source, model, promptTokens, completionTokens, latencyMs, ttftMs, tokensPerSecond, promptBytesSent } = route
  return { source, model, promptTokens, completionTokens, latencyMs, ttftMs, tokensPerSecond, promptBytesSent }
}
