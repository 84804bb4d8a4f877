import { NoTargetError } from '../errors/no-target-error.ts'
import type { SnapshotError } from '../errors/snapshot-error.ts'
import { decide } from '../policy/decide.ts'
import type { Grant, RouteRequest, Snapshot, State, Target } from '../wire.ts'
import { capableEngines } from './capable.ts'
import { noTarget } from './no-target.ts'
import type { RoutedDecision } from './options.ts'
import type { Page } from './page.ts'
import type { PreparedRequest } from './prepare.ts'

/** A decision that can be carried out. */
export type Routed = RoutedDecision & { readonly target: Target }

/** A decision, and the grant of the snapshot that was in force, with which its request is reported. */
export interface Decided {
  readonly decision: RoutedDecision
  readonly grant: Grant | undefined
  /** Why the server has not decided. Absent: it has, or had not to. */
  readonly cause?: unknown
}

/** The policy snapshot in the page, wherever it comes from. */
export interface Snapshots {
  /** The one to decide by, if there is any. */
  readonly current: Snapshot | undefined
  /** Why there is no `current`; undefined while there is. */
  readonly problem: SnapshotError | undefined
  /** Whether it is time to ask for it again. */
  readonly isStale: boolean
  /** Asks for a newer one. Rejects where the asking is refused. */
  refresh(): Promise<void>
}

/** What a decision is made with, in the page. */
export interface DecisionParts {
  readonly page: Page
  readonly snapshots: Snapshots
}

/** What is decided on: the request in counts, the device, and the state of things. */
export type Question = RouteRequest & { readonly state: State }

/** Puts the question together. Never rejects. */
export async function questionOf(
  { page }: DecisionParts,
  { info, options, wishes }: PreparedRequest,
): Promise<Question> {
  const [capabilities, state] = await Promise.all([page.device(), page.state()])
  const engines = capableEngines(page.usable, { info, wishes })
  const { trace } = options
  return { ...info, ...(engines && { engines }), capabilities, state, ...(trace && { trace }) }
}

/**
 * Decides by the snapshot in the page as the server would; undefined where only the server can say. Throws a NoTargetError
 * where there is no snapshot.
 */
export function decideHere(parts: DecisionParts, question: Question): Decided | undefined {
  const { undecidable, ...decided } = decideBy(parts, question, false)
  return undecidable.length === 0 ? decided : undefined
}

/** Decides by the snapshot in the page, without a word to anybody. Throws a NoTargetError where there is none. */
export function decideAlone(parts: DecisionParts, question: Question): Decided {
  const { undecidable: _, ...decided } = decideBy(parts, question, true)
  return decided
}

function decideBy({ snapshots }: DecisionParts, question: Question, unreachable: boolean) {
  const snapshot = snapshots.current
  if (!snapshot) throw new NoTargetError('local_only_unavailable', { cause: snapshots.problem })
  const { state, trace, ...request } = question
  const { undecidable, ...decision } = decide(snapshot, state, request, { unreachable, trace })
  const ids = { decisionId: localId(), policyRevision: snapshot.revision, decidedBy: 'page' } as const
  return { decision: { ...decision, ...ids }, grant: snapshot.grant, undecidable }
}

/**
 * Makes a forced target come true, or nothing at all; and turns the word that nothing may run into an error.
 * NoTargetError's reason is the decision's.
 */
export function settle({ decision, cause }: Decided, request: PreparedRequest, page: Page): Routed {
  const { force } = request.options
  const { target, fallback, ...rest } = decision
  if (target === 'none' || !serves(decision, request)) throw noTarget(decision.reason, page, { request, cause })
  if (force) return { ...rest, target: force, useBrowser: force === 'browser' }
  return { ...rest, target, ...(fallback && { fallback }) }
}

/** Whether a decision lets anybody answer; of a forced request, the one that is to. */
export function serves({ target, fallback }: RoutedDecision, { options: { force } }: PreparedRequest): boolean {
  return force ? target === force || fallback === force : target !== 'none'
}

/** An id for a decision that no server gave one. Not a secret, so `Math.random` will do. */
function localId(): string {
  return `page-${Date.now().toString(36)}-${Math.random().toString(36).slice(2, 10)}`
}
