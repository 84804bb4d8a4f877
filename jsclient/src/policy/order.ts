/** The fixed orders of the decision rule, so that neither registration nor spelling changes an outcome. */

/** Stands for the candidate choice among the forbids. It is no policy. */
export const CANDIDATE = 'candidate'

/** Whose reason is shown for a forbidden target: the first of these, then custom policies by name. */
const FORBIDS: readonly string[] = [
  'enabled',
  'capability',
  CANDIDATE,
  'privacy',
  'preference',
  'budget',
  'tier',
  'health',
  'sticky',
  'readiness',
  'battery',
  'speed',
  'task',
  'complexity',
  'cost',
]

/** Whose preference counts: the first of these, then custom policies in the order given. */
const PREFERENCES: readonly string[] = [
  'health',
  'budget',
  'sticky',
  'preference',
  'readiness',
  'battery',
  'speed',
  'tier',
  'task',
  'complexity',
  'cost',
]

/** A policy's places; the lower one speaks first. */
export interface Places {
  readonly forbid: number
  readonly prefer: number
}

/** The candidate choice's place among the forbids. */
export const CANDIDATE_PLACE = FORBIDS.indexOf(CANDIDATE)

/** Places of a policy; `first` names those whose preference counts before all others. */
export function placesOf(name: string, position: number, first: readonly string[]): Places {
  const forbid = FORBIDS.indexOf(name)
  const early = first.indexOf(name)
  const builtin = PREFERENCES.indexOf(name)
  return {
    forbid: forbid < 0 ? FORBIDS.length : forbid,
    prefer: early >= 0 ? early - first.length : builtin >= 0 ? builtin : PREFERENCES.length + position,
  }
}
