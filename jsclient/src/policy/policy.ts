import type { Reason, RequestInfo, SnapshotSubject, Target } from '../wire.ts'
import type { Device } from './device.ts'
import type { Selection } from './model-index.ts'
import { type Readers, readOptions } from './options.ts'
import type { KnownState } from './state.ts'

/** Everything that a policy may look at. */
export interface PolicyInput {
  readonly device: Device
  readonly request: RequestInfo
  readonly state: KnownState
  readonly subject: SnapshotSubject
  /** The model that would answer in the browser, or the filter that left none. */
  readonly selection: Selection
}

/** What a policy says about one request; with neither `forbid` nor `prefer` it abstains. */
export interface Verdict {
  readonly forbid?: Target
  /** Counts only while both targets are permitted. */
  readonly prefer?: Target
  readonly reason?: Reason
  /** The numbers it used, for traces. */
  readonly detail?: Record<string, number>
}

/** A policy that the page can evaluate. Pure: no clock, no network, no globals. */
export type Policy = (input: PolicyInput) => Verdict

/** What a policy is made of: how its options are read, and what it says. */
export interface PolicyKind<T = unknown> {
  readonly readers: Readers<T>
  evaluate(input: PolicyInput, options: T): Verdict
}

/** Defines a policy. */
export function policy<T>(readers: Readers<T>, evaluate: PolicyKind<T>['evaluate']): PolicyKind<T> {
  return { readers, evaluate }
}

/** Makes a policy of its options in a snapshot; throws a plain Error when they make no sense. */
export function withOptions({ readers, evaluate }: PolicyKind, given: unknown): Policy {
  const options = readOptions(readers, given)
  return (input) => evaluate(input, options)
}

/** What is known of a feature, as a number: -1 unknown, 0 no, 1 yes. */
export function presence(value: boolean | undefined): number {
  return Number(value ?? -1)
}
