/** Decisions that Go made, and how to hold ours against them. */
import { decide } from '../../src/policy/index.ts'
import type { DeviceCapabilities, RequestInfo, Snapshot, SnapshotSubject, State, TraceStep } from '../../src/wire.ts'

export interface Vector {
  name: string
  subject?: SnapshotSubject
  device: DeviceCapabilities
  state: State
  request: RequestInfo
  want: Outcome
  /** How Go explains it. The golden vectors have none. */
  trace?: TraceStep[]
}

/** What both languages must agree on. */
export interface Outcome {
  target: string
  reason: string
  model?: string
  alternates?: string[]
  fallback?: string
  preload?: string
}

/** What the page decides, in the form of a vector's `want` and `trace`. */
export function answer(
  snapshot: Snapshot,
  { subject, device, state, request, trace: traced }: Vector,
): Pick<Vector, 'want' | 'trace'> {
  const facts = { ...snapshot, ...(subject && { subject }) }
  const question = { ...request, capabilities: device }
  const decision = decide(facts, state, question, { trace: traced !== undefined })
  const { target, reason, modelInfo, alternates, fallback, preload, trace } = decision
  const want = {
    target,
    reason,
    ...(modelInfo && { model: modelInfo.id }),
    ...(alternates && { alternates: alternates.map(({ id }) => id) }),
    ...(fallback && { fallback }),
    ...(preload && { preload }),
  }
  return { want, ...(trace && { trace }) }
}
