import type { PolicySpec, Snapshot, SnapshotLimits, Target } from '../wire.ts'
import { capability } from './capability.ts'
import { complexity } from './complexity.ts'
import { enabled } from './enabled.ts'
import type { Limits } from './filter.ts'
import { ModelIndex } from './model-index.ts'
import { PolicyOptions } from './options.ts'
import { type Places, placesOf } from './order.ts'
import type { Policy, PolicyFactory } from './policy.ts'
import { preference } from './preference.ts'
import { privacy } from './privacy.ts'
import { readiness } from './readiness.ts'

const FACTORIES: ReadonlyMap<string, PolicyFactory> = new Map([
  ['enabled', enabled],
  ['capability', capability],
  ['privacy', privacy],
  ['preference', preference],
  ['readiness', readiness],
  ['complexity', complexity],
])

/** Names of policies, as the server admits them. */
const NAME = /^[a-z][a-z0-9_.]{0,63}$/

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
  readonly index: ModelIndex
  /** In the order of forbids. */
  readonly asked: readonly Asked[]
}

const compiled = new WeakMap<Snapshot, CompiledSnapshot>()

/** Policies and models of a snapshot, built once a snapshot. Throws a plain Error when they make no sense. */
export function compile(snapshot: Snapshot): CompiledSnapshot {
  const known = compiled.get(snapshot)
  if (known) return known
  const { first = [] } = snapshot
  const asked = snapshot.policies.map((spec, position): Asked => {
    const { name } = spec
    try {
      if (!NAME.test(name)) throw new Error('its name is malformed')
      return { name, places: placesOf(name, position, first), policy: spec.opaque ? readOpaque(spec) : build(spec) }
    } catch (cause) {
      throw new Error(`policy ${JSON.stringify(name)}: ${(cause as Error).message}`, { cause })
    }
  })
  const names = new Set(asked.map(({ name }) => name))
  if (names.size < asked.length) throw new Error('two policies have the same name')
  for (const name of first) if (!names.has(name)) throw new Error(`first names ${name}, which is none of the policies`)
  asked.sort((a, b) => a.places.forbid - b.places.forbid || (a.name < b.name ? -1 : 1))
  const result: CompiledSnapshot = { index: new ModelIndex(snapshot.models, readLimits(snapshot.limits)), asked }
  compiled.set(snapshot, result)
  return result
}

/** Checks the operator's limits and fills in the defaults. Throws a plain Error. */
export function readLimits({ disabledEngines, ...rest }: SnapshotLimits = {}): Limits {
  const options = new PolicyOptions(rest)
  const limits: Limits = {
    allowSoftwareGPU: options.flag('allowSoftwareGPU'),
    maxModelBytes: options.count('maxModelBytes', 0),
    disabledEngines: disabledEngines ?? [],
    maxFailures: options.count('maxFailures', 3),
    minTokensPerSecondMilli: options.count('minTokensPerSecondMilli', 0),
  }
  options.end()
  if (!isTexts(limits.disabledEngines)) throw new Error('limit disabledEngines must be a list of names')
  return limits
}

export function isTexts(value: unknown): value is string[] {
  return Array.isArray(value) && value.every((item) => typeof item === 'string')
}

function build(spec: PolicySpec): Policy {
  const factory = FACTORIES.get(spec.name)
  if (!factory) throw new Error('it is unknown to this version')
  const options = new PolicyOptions(spec.options)
  const policy = factory(options)
  options.end()
  return policy
}

/** Without declared effects a policy may say anything. */
function readOpaque({ effects, whenUnreachable = 'abstain' }: PolicySpec): OpaquePolicy {
  const both: readonly Target[] = ['browser', 'server']
  const forbids = effects ? (effects.forbid ?? []) : both
  const prefers = effects ? (effects.prefer ?? []) : both
  for (const target of [...forbids, ...prefers]) {
    if (!both.includes(target)) throw new Error('its effects name a target that does not exist')
  }
  if (whenUnreachable !== 'abstain' && whenUnreachable !== 'forbid') {
    throw new Error('its whenUnreachable must be abstain or forbid')
  }
  return { forbids, prefers, whenUnreachable }
}
