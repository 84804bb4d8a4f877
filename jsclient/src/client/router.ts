import { isNetworkError, NetworkError } from '../errors/network-error.ts'
import { NoTargetError } from '../errors/no-target-error.ts'
import { isServerError } from '../errors/server-error.ts'
import { SnapshotError } from '../errors/snapshot-error.ts'
import { decide, type PageDecision } from '../policy/decide.ts'
import type { ServerTransport } from '../transport/server.ts'
import type { RouteRequest, RouteResponse, State, Target } from '../wire.ts'
import type { HybridInferenceClientOptions, RoutedDecision } from './options.ts'
import type { Page } from './page.ts'
import type { PreparedRequest } from './prepare.ts'
import type { SnapshotSource } from './snapshots.ts'

/** A decision that can be carried out. */
export type Routed = RoutedDecision & { readonly target: Target }

/** Longest wait for the server's decision, ms. */
const DEFAULT_TIMEOUT_MS = 5000

/** What decisions are made with. */
export interface RouteParts {
  readonly options: HybridInferenceClientOptions
  readonly transport: ServerTransport
  readonly page: Page
  readonly snapshots: SnapshotSource
}

/**
 * Gets a decision for a request: from the server, or from the snapshot in the page when that can't be asked, or must
 * not. Throws NoTargetError when nothing is permitted. A local-only request never reaches the server, not even in counts.
 */
export async function route(
  parts: RouteParts,
  { info, options }: PreparedRequest,
  signal: AbortSignal,
): Promise<RoutedDecision> {
  const { page, snapshots } = parts
  const [device, state] = await Promise.all([page.device(), page.state()])
  signal.throwIfAborted()
  const { trace } = options
  const alone = (state: State): RoutedDecision => {
    const snapshot = snapshots.current
    if (!snapshot) throw new NoTargetError('local_only_unavailable', { cause: snapshots.problem ?? missing() })
    const { undecidable: _, ...decision } = decide(snapshot, state, info, device, { unreachable: true, trace })
    return { ...decision, decisionId: localId(), policyRevision: snapshot.revision, decidedBy: 'page' }
  }
  if (info.privacy === 'local-only') return alone(state)
  try {
    const answer = await ask(parts, { ...info, capabilities: device, state, ...(trace && { trace }) }, signal)
    // An answer that names no model can't be carried out here.
    const target = answer.target === 'browser' && !answer.modelInfo ? (answer.fallback ?? 'none') : answer.target
    const { current } = snapshots
    if (current && current.revision !== answer.policyRevision) snapshots.refresh().catch(ignore)
    return { ...answer, target, useBrowser: target === 'browser', decidedBy: 'server' }
  } catch (error) {
    signal.throwIfAborted()
    const silent = isNetworkError(error)
    if (!silent && !(isServerError(error) && error.status >= 500)) throw error
    if (!snapshots.current) throw snapshots.problem ?? error
    return alone(silent ? { ...state, network: { ...state.network, offline: true } } : state)
  }
}

async function ask(
  { options, transport }: RouteParts,
  body: RouteRequest,
  signal: AbortSignal,
): Promise<RouteResponse> {
  const timeout = AbortSignal.timeout(options.routeTimeoutMs ?? DEFAULT_TIMEOUT_MS)
  try {
    return await transport.route(body, { signal: AbortSignal.any([signal, timeout]) })
  } catch (error) {
    if (timeout.aborted && !signal.aborted) throw new NetworkError('/browser/route', { cause: timeout.reason })
    throw error
  }
}

/**
 * Makes a forced target come true, or nothing at all; and turns the word that nothing may run into an error.
 * NoTargetError's reason is the decision's.
 */
export function settle(decision: RoutedDecision, force: Target | undefined): Routed {
  const { target, fallback, ...rest } = decision
  if (force) {
    if (target !== force && fallback !== force) throw new NoTargetError(decision.reason)
    return { ...rest, target: force, useBrowser: force === 'browser' }
  }
  if (target === 'none') throw new NoTargetError(decision.reason)
  return { ...rest, target, ...(fallback && { fallback }) }
}

/** The decision on a request of no particular size: which model would run here? */
export async function decidePreload(snapshots: SnapshotSource, page: Page): Promise<PageDecision> {
  const snapshot = snapshots.current
  if (!snapshot) throw snapshots.problem ?? missing()
  const [device, state] = await Promise.all([page.device(), page.state()])
  return decide(snapshot, state, { promptLength: 0 }, device, { unreachable: true })
}

function missing(): SnapshotError {
  return new SnapshotError('There is no policy snapshot. Call initialize() while online.', { code: 'snapshot_expired' })
}

/** An id for a decision that no server gave one. Not a secret, so `Math.random` will do. */
function localId(): string {
  return `page-${Date.now().toString(36)}-${Math.random().toString(36).slice(2, 10)}`
}

function ignore(): void {}
