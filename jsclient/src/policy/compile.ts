import { isSnapshotError, SnapshotError } from '../errors/snapshot-error.ts'
import type { PolicySpec, Snapshot, SnapshotLimits, Target } from '../wire.ts'
import { type Limits, reasonOf } from './filter.ts'
import type { IndexedModel } from './model.ts'
import { indexModels } from './model-index.ts'
import { count, flag, names, readOptions } from './options.ts'
import { CANDIDATE, type Places, placesOf } from './order.ts'
import { POLICIES } from './policies/index.ts'
import { type Policy, withOptions } from './policy.ts'
import { checkSubject } from './subject.ts'
import { isText, within } from './validate.ts'

/** Names of an app's policies, as the server admits them: those without a dot are reserved. */
const NAME = /^(?=.*\.)[a-z][a-z0-9_.]{0,63}$/

/** Recent failures that take a model out of the choice, where the operator says nothing (book chapter 5.5.9, "Error Handling"). */
export const DEFAULT_MAX_FAILURES = 3

/** About as fast as people read. */
const DEFAULT_FAST_TOKENS_PER_SECOND_MILLI = 5000

const TARGETS: readonly Target[] = ['browser', 'server']

/** A policy that only the server can evaluate: what it may say at all. */
export interface OpaquePolicy {
  readonly forbids: readonly Target[]
  readonly prefers: readonly Target[]
  readonly whenUnreachable: 'abstain' | 'forbid'
}

/** A policy of a snapshot with its places. */
export interface Asked {
  readonly name: string
  readonly places: Places
  readonly policy: Policy | OpaquePolicy
}

/** A snapshot that is ready to decide with. */
export interface CompiledSnapshot {
  readonly index: readonly IndexedModel[]
  readonly limits: Limits
  /** In the order of forbids, the candidate choice among them. */
  readonly asked: readonly Asked[]
}

const compiled = new WeakMap<Snapshot, CompiledSnapshot>()

/** Policies and models of a snapshot, built once a snapshot. A SnapshotError when they make no sense. */
export function compile(snapshot: Snapshot): CompiledSnapshot {
  const known = compiled.get(snapshot)
  if (known) return known
  return orInvalid(() => {
    const { models, limits, subject } = snapshot
    checkSubject(subject)
    const result = { index: indexModels(models), limits: readLimits(limits), asked: readPolicies(snapshot) }
    compiled.set(snapshot, result)
    return result
  })
}

/** Makes whatever reading throws a SnapshotError. */
export function orInvalid<T>(read: () => T): T {
  try {
    return read()
  } catch (cause) {
    if (isSnapshotError(cause)) throw cause
    const problem = cause instanceof SyntaxError ? 'it is no JSON, or was cut short' : (cause as Error).message
    const message = `The policy snapshot can't be used: ${problem}. Fetch it again, or upgrade @edgewise/client.`
    throw new SnapshotError(message, { code: 'snapshot_invalid', cause })
  }
}

function readPolicies({ policies, first = [] }: Snapshot): Asked[] {
  // Privacy is a promise, not a choice: it is asked even when a snapshot leaves it out.
  const kept = policies.some(({ name }) => name === 'privacy')
  const asked = (kept ? policies : [{ name: 'privacy' }, ...policies]).map((spec, position): Asked => {
    const { name } = spec
    const policy = within(`policy ${JSON.stringify(name)}`, () => (spec.opaque ? readOpaque(spec) : build(spec)))
    return { name, places: placesOf(name, position, first), policy }
  })
  const given = new Set(asked.map(({ name }) => name))
  if (given.size < asked.length) throw new Error('two policies have the same name')
  if (new Set(first).size < first.length) throw new Error('first names a policy twice')
  for (const name of first) if (!given.has(name)) throw new Error(`first names ${name}, which is none of the policies`)
  asked.push({ name: CANDIDATE, places: placesOf(CANDIDATE, 0, []), policy: candidate })
  return asked.sort((a, b) => a.places.forbid - b.places.forbid || (a.name < b.name ? -1 : 1))
}

/** Checks the operator's limits and fills in the defaults. Throws a plain Error. */
export function readLimits(limits: SnapshotLimits | undefined): Limits {
  const readers = {
    allowSoftwareGPU: flag,
    maxModelBytes: count(0),
    disabledEngines: names,
    maxFailures: count(DEFAULT_MAX_FAILURES),
    minTokensPerSecondMilli: count(0),
    fastTokensPerSecondMilli: count(DEFAULT_FAST_TOKENS_PER_SECOND_MILLI),
  }
  return within('limits', () => readOptions(readers, limits))
}

/** Forbids the browser when no model is left. */
const candidate: Policy = ({ selection: { model, emptied } }) =>
  model ? {} : { forbid: 'browser', reason: reasonOf(emptied) }

function build({ name, options }: PolicySpec): Policy {
  const kind = POLICIES.get(name)
  if (!kind) throw new Error('it is unknown to this version')
  return withOptions(kind, options)
}

/** Without declared effects a policy may say anything. */
function readOpaque({ name, effects, whenUnreachable = 'abstain' }: PolicySpec): OpaquePolicy {
  if (!isText(name) || !NAME.test(name)) throw new Error('its name is malformed')
  if (whenUnreachable !== 'abstain' && whenUnreachable !== 'forbid') throw new Error('its whenUnreachable is unknown')
  const targets = (given: readonly string[] | undefined): Target[] => {
    const list = given ?? []
    if (!list.every((target) => TARGETS.includes(target as Target))) {
      throw new Error('its effects name a target that does not exist')
    }
    return TARGETS.filter((target) => list.includes(target))
  }
  return {
    forbids: effects ? targets(effects.forbid) : TARGETS,
    prefers: effects ? targets(effects.prefer) : TARGETS,
    whenUnreachable,
  }
}
