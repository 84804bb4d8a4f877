/** The fixed orders of the decision rule, so that neither registration nor spelling changes an outcome. */
import { POLICIES } from './policies/index.ts'

/** Stands for the candidate choice among the forbids. It is no policy. */
export const CANDIDATE = 'candidate'

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

/** Whose reason is shown for a forbidden target: the first of these, then custom policies by name. */
const FORBIDS = [...POLICIES.keys()].flatMap((name) => (name === 'privacy' ? [CANDIDATE, name] : [name]))

/** A policy's places; the lower one speaks first. */
export interface Places {
  readonly forbid: number
  readonly prefer: number
}

/** Places of a policy; `first` names those whose preference counts before all others. */
export function placesOf(name: string, position: number, first: readonly string[]): Places {
  const among = (names: readonly string[], otherwise: number): number =>
    names.includes(name) ? names.indexOf(name) : otherwise
  return {
    forbid: among(FORBIDS, FORBIDS.length),
    prefer: first.includes(name)
      ? first.indexOf(name) - first.length
      : among(PREFERENCES, PREFERENCES.length + position),
  }
}
