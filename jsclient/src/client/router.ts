import { isNetworkError, NetworkError } from '../errors/network-error.ts'
import { isPassing } from '../errors/server-error.ts'
import { SnapshotError } from '../errors/snapshot-error.ts'
import { startTimeout } from '../timeout.ts'
import type { ServerTransport } from '../transport/server.ts'
import type { DecisionTarget, RouteResponse, Target } from '../wire.ts'
import {
  type Decided,
  type DecisionParts,
  decideAlone,
  decideHere,
  type Question,
  questionOf,
  serves,
} from './decision.ts'
import type { HybridInferenceClientOptions } from './options.ts'
import type { Outage } from './outage.ts'
import type { PreparedRequest } from './prepare.ts'
import type { SnapshotSource } from './snapshots.ts'

/** Longest wait for the server's decision, ms. */
export const DEFAULT_TIMEOUT_MS = 5000

/** What decisions are made with where there is a server. */
export interface RouteParts extends DecisionParts {
  readonly outage: Outage
  readonly options: HybridInferenceClientOptions
  readonly transport: ServerTransport
  readonly snapshots: SnapshotSource
}

/**
 * Gets a decision for a request: from the snapshot in the page while that is as good as the server's word, else from the
 * server; and from the snapshot again when the server can't be asked, or must not. A server that gave no decision is left
 * alone for a while. Throws NoTargetError when nothing is permitted. A local-only request never reaches the server, not even
 * in counts.
 */
export async function route(parts: RouteParts, request: PreparedRequest, signal: AbortSignal): Promise<Decided> {
  const { snapshots, outage } = parts
  const question = await questionOf(parts, request)
  signal.throwIfAborted()
  const unasked = (silent: boolean): Decided => decideAlone(parts, silent ? offline(question) : question)
  if (request.info.privacy === 'local-only') return unasked(false)
  const since = outage.current
  if (since && snapshots.current) {
    const alone = unasked(since.silent)
    // Who may be answered by the server alone has nothing to lose by asking it again.
    if (serves(alone.decision, request)) return alone
  }
  const here = snapshots.isFresh ? decideHere(parts, question) : undefined
  if (here) return here
  const grant = snapshots.current?.grant
  try {
    const answer = await ask(parts, question, signal)
    snapshots.follow(answer.policyRevision)
    return { decision: { ...feasible(answer), decidedBy: 'server' }, grant }
  } catch (error) {
    signal.throwIfAborted()
    const silent = isNetworkError(error)
    if (!silent && !isPassing(error)) throw error
    outage.begin(silent)
    const { problem } = snapshots
    if (!problem) return { ...unasked(silent), cause: error }
    // Who has never heard of this server, or has been kept out, is told of the outage alone.
    if (problem.code === 'snapshot_missing') throw error
    throw new SnapshotError(problem.message, { code: problem.code, cause: error })
  }
}

function offline({ state, ...question }: Question): Question {
  return { ...question, state: { ...state, network: { ...state.network, offline: true } } }
}

/** The decision without the targets that can't be carried out here: a browser without a model, and words unknown. */
function feasible({ fallback, ...answer }: RouteResponse): RouteResponse {
  const can = (target: DecisionTarget | undefined): target is Target =>
    target === 'server' || (target === 'browser' && Boolean(answer.modelInfo))
  const spare = can(fallback) ? fallback : undefined
  const target = can(answer.target) ? answer.target : (spare ?? 'none')
  return { ...answer, target, useBrowser: target === 'browser', ...(spare && spare !== target && { fallback: spare }) }
}

async function ask({ options, transport }: RouteParts, body: Question, signal: AbortSignal): Promise<RouteResponse> {
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
