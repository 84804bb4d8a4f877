import { SnapshotError } from '../errors/snapshot-error.ts'
import type { Decision, DeviceCapabilities, RequestInfo, Snapshot, State, Target, TraceStep } from '../wire.ts'
import { type Asked, type CompiledSnapshot, compile, type OpaquePolicy } from './compile.ts'
import { readDevice } from './device.ts'
import { type Query, reasonOf } from './filter.ts'
import { CANDIDATE, CANDIDATE_PLACE } from './order.ts'
import type { PolicyInput, Verdict } from './policy.ts'
import { checkRequest } from './request.ts'
import { readState } from './state.ts'
import { Tally } from './tally.ts'
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
 * makes no sense is an InvalidRequestError; a device or state that makes none counts as unknown.
 */
export function decide(
  snapshot: Snapshot,
  state: State,
  request: RequestInfo,
  device: DeviceCapabilities,
  options: DecideOptions = {},
): PageDecision {
  checkRequest(request)
  const { index, asked } = compiledOrThrow(snapshot)
  const known = readState(state)
  const query: Query = {
    device: readDevice(device),
    tokens: promptTokens(request) + outputTokens(request),
    task: request.task ?? '',
    needs: request.needs ?? {},
    models: known.models,
    network: known.network,
  }
  const selection = index.select(query)
  const input: PolicyInput = {
    device: query.device,
    request,
    state: known,
    subject: snapshot.subject,
    candidate: selection.model,
    status: selection.status,
  }

  const tally = new Tally()
  const trace: TraceStep[] | undefined = options.trace ? traceFilters(index.remaining(query)) : undefined
  const noModel: Verdict | undefined = selection.model ? undefined : forbid('browser', reasonOf(selection.emptied))
  let said = false
  const sayCandidate = (): void => {
    if (noModel && !said) tally.count(CANDIDATE, CANDIDATE_PLACE, 0, noModel)
    said = true
  }
  for (const { name, places, policy } of asked) {
    if (places.forbid > CANDIDATE_PLACE) sayCandidate()
    for (const verdict of verdicts(policy, input, options.unreachable ?? false)) {
      if (verdict) tally.count(name, places.forbid, places.prefer, verdict)
      trace?.push(traceVerdict(name, verdict, 'explain' in policy ? policy.explain?.(input) : undefined))
    }
  }
  sayCandidate()

  const { target, reason, fallback, model, preload } = tally.outcome(selection, known.network.offline ?? false)
  trace?.push({ step: 'outcome', by: 'rule', said: reason, target })
  return {
    target,
    useBrowser: target === 'browser',
    reason,
    ...(model && { modelInfo: model }),
    ...(model && selection.alternates.length > 0 && { alternates: [...selection.alternates] }),
    ...(fallback && { fallback }),
    ...(preload && { preload: preload.id }),
    continuation: snapshot.subject.server.continuation === 'native' ? 'native' : 'none',
    ...(trace && { trace }),
    undecidable: options.unreachable ? [] : asked.filter((one) => matters(one, tally)).map(({ name }) => name),
  }
}

function compiledOrThrow(snapshot: Snapshot): CompiledSnapshot {
  try {
    return compile(snapshot)
  } catch (cause) {
    const problem = cause instanceof Error ? cause.message : String(cause)
    throw new SnapshotError(`The policy snapshot can't be used: ${problem}.`, { code: 'snapshot_invalid', cause })
  }
}

function verdicts(policy: Asked['policy'], input: PolicyInput, unreachable: boolean): readonly (Verdict | undefined)[] {
  if ('evaluate' in policy) return [policy.evaluate(input)]
  if (!unreachable || policy.whenUnreachable === 'abstain' || policy.forbids.length === 0) return [undefined]
  return policy.forbids.map((target) => forbid(target, POLICY_UNREACHABLE))
}

/** Whether a policy is opaque and any word that it may say would change the outcome. */
function matters({ policy, places }: Asked, tally: Tally): boolean {
  if ('evaluate' in policy) return false
  const { forbids, prefers }: OpaquePolicy = policy
  return (
    forbids.some((target) => tally.forbidMatters(target, places.forbid)) ||
    (prefers.length > 0 && tally.preferenceMatters(places.prefer))
  )
}

function forbid(target: Target, reason: string): Verdict {
  return { forbid: target, reason }
}
