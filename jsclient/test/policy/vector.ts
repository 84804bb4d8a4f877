/** Decisions that Go made, and how to hold ours against them. */
import { decide } from '../../src/policy/index.ts'
import type { DeviceCapabilities, RequestInfo, Snapshot, SnapshotSubject, State } from '../../src/wire.ts'

export interface Vector {
  name: string
  subject?: SnapshotSubject
  device: DeviceCapabilities
  state: State
  request: RequestInfo
  want: Outcome
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

/** What the page decides, in the form of a vector's `want`. */
export function outcomeOf(snapshot: Snapshot, { subject, device, state, request }: Omit<Vector, 'want'>): Outcome {
  const facts = { ...snapshot, ...(subject && { subject }) }
  const { target, reason, modelInfo, alternates, fallback, preload } = decide(facts, state, {
    ...request,
    capabilities: device,
  })
  return {
    target,
    reason,
    ...(modelInfo && { model: modelInfo.id }),
    ...(alternates && { alternates: alternates.map(({ id }) => id) }),
    ...(fallback && { fallback }),
    ...(preload && { preload }),
  }
}
