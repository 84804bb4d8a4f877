import type { Decision, DecisionRequest, Reason, Snapshot, State, Target, TraceStep } from '../wire.ts'
import { type Asked, compile } from './compile.ts'
import { readDevice } from './device.ts'
import type { Query } from './filter.ts'
import { select } from './model-index.ts'
import type { Places } from './order.ts'
import type { PolicyInput, Verdict } from './policy.ts'
import { checkRequest } from './request.ts'
import { readState } from './state.ts'
import { outputTokens, promptTokens } from './tokens.ts'
import { traceFilters, traceVerdict } from './trace.ts'

/** Options of {@link decide}. */
export interface DecideOptions {
  /** Explain the decision in `trace`. Defaults to false. */
  trace?: boolean | undefined
  /**
   * The server can't be asked, so take the policies that only it can evaluate for what they declare in
   * `whenUnreachable`. Defaults to false: they are left out and named in `undecidable`.
   */
  unreachable?: boolean | undefined
}

/** A decision made in the page. */
export interface PageDecision extends Decision {
  /**
   * Policies that only the server can evaluate and whose word could change this decision or its reason. Unless it is
   * empty, ask the server instead of following the decision.
   */
  undecidable: readonly string[]
}

/** The reason of a forbid that is assumed of a policy because the server can't be asked. */
export const POLICY_UNREACHABLE = 'policy_unreachable'

/**
 * The decision that the server would make. Pure: the same arguments give the same decision, here and in Go. The snapshot
 * is compiled at its first use, best by `parseSnapshot`; one that makes no sense is a SnapshotError. A request that
 * makes no sense is an InvalidRequestError; a device or state that makes none counts as unknown, and so does null.
 */
export function decide(
  snapshot: Snapshot,
  state: State | null,
  request: DecisionRequest,
  options: DecideOptions = {},
): PageDecision {
  checkRequest(request)
  const { index, limits, asked } = compile(snapshot)
  const { subject } = snapshot
  const { trace, unreachable = false } = options
  const known = readState(state)
  const query: Query = {
    limits,
    device: readDevice(request.capabilities ?? {}),
    tokens: promptTokens(request) + outputTokens(request),
    task: request.task ?? '',
    needs: request.needs ?? {},
    engines: request.engines ?? undefined,
    models: known.models,
    network: known.network,
  }
  const selection = select(index, query)
  const input: PolicyInput = { device: query.device, request, state: known, subject, selection }

  const steps: TraceStep[] = trace ? traceFilters(index, query) : []
  const said: Said[] = []
  for (const { name, places, policy } of asked) {
    for (const verdict of verdicts(policy, input, unreachable)) {
      const { reason } = verdict
      if (reason) said.push({ name, places, verdict, reason })
      if (trace) steps.push(traceVerdict(name, verdict))
    }
  }

  // All forbids unite; the first preference counts while both targets are permitted.
  const forbids: Forbids = {
    browser: said.find(({ verdict }) => verdict.forbid === 'browser'),
    server: said.find(({ verdict }) => verdict.forbid === 'server'),
  }
  const preferred = said
    .filter(({ verdict }) => verdict.prefer)
    .reduce<Said | undefined>((a, b) => (a && a.places.prefer <= b.places.prefer ? a : b), undefined)
  const [target, reason] = outcome(forbids, preferred, said, known.network.offline ?? false)
  const both = !forbids.browser && !forbids.server
  const modelInfo = forbids.browser ? undefined : selection.model
  const { alternates } = selection
  return {
    target,
    useBrowser: target === 'browser',
    reason,
    ...(modelInfo && { modelInfo }),
    ...(modelInfo && alternates.length > 0 && { alternates: [...alternates] }),
    ...(both && { fallback: target === 'browser' ? 'server' : 'browser' }),
    ...(modelInfo && selection.state.status !== 'loaded' && { preload: modelInfo.id }),
    continuation: subject.server.continuation === 'native' ? 'native' : 'none',
    ...(trace && { trace: [...steps, { step: 'outcome', by: 'rule', said: reason, target }] }),
    undecidable: unreachable ? [] : asked.filter((one) => matters(one, forbids, preferred)).map(({ name }) => name),
  }
}

/** A verdict, and whose it is. */
interface Said {
  readonly name: string
  readonly places: Places
  readonly verdict: Verdict
  readonly reason: Reason
}

/** The first forbid of each target. */
type Forbids = Readonly<Record<Target, Said | undefined>>

function outcome(
  { browser, server }: Forbids,
  preferred: Said | undefined,
  said: readonly Said[],
  offline: boolean,
): [Decision['target'], Reason] {
  if (browser && server) {
    const isPrivate = said.some(({ name, verdict }) => name === 'privacy' && verdict.forbid === 'server')
    return ['none', isPrivate ? 'local_only_unavailable' : offline ? 'offline' : browser.reason]
  }
  if (browser) return ['server', browser.reason]
  if (server) return ['browser', server.reason]
  return [preferred?.verdict.prefer ?? 'browser', preferred?.reason ?? 'optimal_for_browser']
}

function verdicts(policy: Asked['policy'], input: PolicyInput, unreachable: boolean): readonly Verdict[] {
  if (typeof policy === 'function') return [policy(input)]
  const { forbids, whenUnreachable } = policy
  if (!unreachable || whenUnreachable === 'abstain' || forbids.length === 0) return [{}]
  return forbids.map((forbid) => ({ forbid, reason: POLICY_UNREACHABLE }))
}

/** Whether a policy is opaque and any word that it may say would change the outcome or its reason. */
function matters({ policy, places }: Asked, forbidden: Forbids, preferred: Said | undefined): boolean {
  if (typeof policy === 'function') return false
  const { browser, server } = forbidden
  const precedes = (place: keyof Places, other: Said | undefined): boolean =>
    !other || places[place] < other.places[place]
  const forbids = policy.forbids.some((target) => precedes('forbid', forbidden[target]))
  return forbids || (policy.prefers.length > 0 && !browser && !server && precedes('prefer', preferred))
}
