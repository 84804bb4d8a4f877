import { isNetworkError, NetworkError } from '../errors/network-error.ts'
import { NoTargetError } from '../errors/no-target-error.ts'
import { isBusy, isServerError, type ServerError } from '../errors/server-error.ts'
import { SnapshotError } from '../errors/snapshot-error.ts'
import { decide, type PageDecision } from '../policy/decide.ts'
import { startTimeout } from '../timeout.ts'
import type { ServerTransport } from '../transport/server.ts'
import type { DecisionTarget, Grant, RouteRequest, RouteResponse, State, Target } from '../wire.ts'
import { capableEngines } from './capable.ts'
import { noTarget } from './no-target.ts'
import type { HybridInferenceClientOptions, RoutedDecision } from './options.ts'
import type { Page } from './page.ts'
import type { PreparedRequest } from './prepare.ts'
import type { SnapshotSource } from './snapshots.ts'

/** A decision that can be carried out. */
export type Routed = RoutedDecision & { readonly target: Target }

/** Longest wait for the server's decision, ms. */
const DEFAULT_TIMEOUT_MS = 5000

/** How long the page decides alone after the server gave no decision, ms. */
const ALONE_MS = 30_000

/** A decision, and the grant of the snapshot that was in force, with which its request is reported. */
export interface Answer {
  readonly decision: RoutedDecision
  readonly grant: Grant | undefined
}

/** Remembers that the server gave no decision, so that not every request waits for it in vain. */
export class Outage {
  #last: { at: number; silent: boolean } | undefined

  /** The server was asked in vain; `silent` when it gave no answer at all. */
  begin(at: number, silent: boolean): void {
    this.#last = { at, silent }
  }

  /** The outage that lasts, if any. */
  at(now: number): { readonly silent: boolean } | undefined {
    const last = this.#last
    return last && now - last.at < ALONE_MS ? last : undefined
  }
}

/** What decisions are made with. */
export interface RouteParts {
  readonly outage: Outage
  readonly options: HybridInferenceClientOptions
  readonly transport: ServerTransport
  readonly page: Page
  readonly snapshots: SnapshotSource
}

/**
 * Gets a decision for a request: from the server, or from the snapshot in the page when that can't be asked, or must
 * not; a server that gave none is left alone for a while. Throws NoTargetError when nothing is permitted. A local-only
 * request never reaches the server, not even in counts.
 */
export async function route(parts: RouteParts, request: PreparedRequest, signal: AbortSignal): Promise<Answer> {
  const { info, options } = request
  const { page, snapshots, outage } = parts
  const { now = Date.now } = parts.options
  const [device, state] = await Promise.all([page.device(), page.state()])
  signal.throwIfAborted()
  const { trace } = options
  const engines = capableEngines(page.usable, request)
  const question = { ...info, ...(engines && { engines }), capabilities: device }
  const alone = (state: State): Answer => {
    const snapshot = snapshots.current
    if (!snapshot) throw new NoTargetError('local_only_unavailable', { cause: snapshots.problem })
    const { undecidable: _, ...decision } = decide(snapshot, state, question, { unreachable: true, trace })
    const ids = { decisionId: localId(), policyRevision: snapshot.revision, decidedBy: 'page' } as const
    return { decision: { ...decision, ...ids }, grant: snapshot.grant }
  }
  const unasked = (silent: boolean): Answer =>
    alone(silent ? { ...state, network: { ...state.network, offline: true } } : state)
  if (info.privacy === 'local-only') return alone(state)
  const since = outage.at(now())
  if (since && snapshots.current) return unasked(since.silent)
  const grant = snapshots.current?.grant
  try {
    const answer = await ask(parts, { ...question, state, ...(trace && { trace }) }, signal)
    snapshots.follow(answer.policyRevision)
    return { decision: { ...feasible(answer), decidedBy: 'server' }, grant }
  } catch (error) {
    signal.throwIfAborted()
    const silent = isNetworkError(error)
    if (!silent && !(isServerError(error) && isPassing(error))) throw error
    outage.begin(now(), silent)
    const { problem } = snapshots
    if (!problem) return unasked(silent)
    // Who has never heard of this server, or has been kept out, is told of the outage alone.
    if (problem.code === 'snapshot_missing') throw error
    throw new SnapshotError(problem.message, { code: problem.code, cause: error })
  }
}

/** The decision without the targets that can't be carried out here: a browser without a model, and words unknown. */
function feasible({ fallback, ...answer }: RouteResponse): RouteResponse {
  const can = (target: DecisionTarget | undefined): target is Target =>
    target === 'server' || (target === 'browser' && Boolean(answer.modelInfo))
  const spare = can(fallback) ? fallback : undefined
  const target = can(answer.target) ? answer.target : (spare ?? 'none')
  return { ...answer, target, useBrowser: target === 'browser', ...(spare && spare !== target && { fallback: spare }) }
}

/** Whether an error is of the moment, or of something between here and the server, such as a captive portal. */
function isPassing({ status, code }: ServerError): boolean {
  return status >= 500 || isBusy(status) || code === 'invalid_response'
}

async function ask(
  { options, transport }: RouteParts,
  body: RouteRequest,
  signal: AbortSignal,
): Promise<RouteResponse> {
  const timeout = startTimeout(options.routeTimeoutMs ?? DEFAULT_TIMEOUT_MS)
  try {
    return await transport.route(body, { signal: AbortSignal.any([signal, timeout.signal]) })
  } catch (error) {
    const { aborted, reason } = timeout.signal
    if (aborted && !signal.aborted) throw new NetworkError('/browser/route', { cause: reason })
    throw error
  } finally {
    timeout.clear()
  }
}

/**
 * Makes a forced target come true, or nothing at all; and turns the word that nothing may run into an error.
 * NoTargetError's reason is the decision's.
 */
export function settle(decision: RoutedDecision, request: PreparedRequest, page: Page): Routed {
  const { force } = request.options
  const { target, fallback, ...rest } = decision
  if (force) {
    if (target !== force && fallback !== force) throw noTarget(decision.reason, page, request)
    return { ...rest, target: force, useBrowser: force === 'browser' }
  }
  if (target === 'none') throw noTarget(decision.reason, page, request)
  return { ...rest, target, ...(fallback && { fallback }) }
}

/** The decision on a request of no particular size: which model would run here? */
export async function decidePreload(snapshots: SnapshotSource, page: Page): Promise<PageDecision> {
  const snapshot = snapshots.current
  if (!snapshot) throw snapshots.problem
  const [device, state] = await Promise.all([page.device(), page.state()])
  // Fetching a model answers nobody, so policies that only the server can ask have no say in it.
  const policies = snapshot.policies.filter(({ opaque }) => !opaque)
  return decide({ ...snapshot, policies, first: [] }, state, { promptLength: 0, capabilities: device })
}

/** An id for a decision that no server gave one. Not a secret, so `Math.random` will do. */
function localId(): string {
  return `page-${Date.now().toString(36)}-${Math.random().toString(36).slice(2, 10)}`
}
