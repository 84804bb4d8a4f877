import type { ModelInfo, ModelStatus, Reason, RequestInfo, SnapshotSubject, Target } from '../wire.ts'
import type { Device } from './device.ts'
import type { PolicyOptions } from './options.ts'
import type { KnownState } from './state.ts'

/** Everything that a policy may look at. */
export interface PolicyInput {
  readonly device: Device
  readonly request: RequestInfo
  readonly state: KnownState
  readonly subject: SnapshotSubject
  /** The model that would answer in the browser; undefined when no model passed the filters. */
  readonly candidate: ModelInfo | undefined
  /** Where the page said the candidate is. */
  readonly status: ModelStatus | undefined
}

/** What a policy says about one request. Abstaining is saying nothing. */
export interface Verdict {
  readonly forbid?: Target
  /** Counts only while both targets are permitted. */
  readonly prefer?: Target
  readonly reason: Reason
}

/** A policy that the page can evaluate. Pure: no clock, no network, no globals. */
export interface Policy {
  evaluate(input: PolicyInput): Verdict | undefined
  /** The numbers it used, for traces. */
  explain?(input: PolicyInput): Record<string, number>
}

/** Makes a policy of its options in a snapshot. It must read every option that it knows, and no other. */
export type PolicyFactory = (options: PolicyOptions) => Policy
