import type { PolicyKind } from '../policy.ts'
import { battery } from './battery.ts'
import { budget } from './budget.ts'
import { capability } from './capability.ts'
import { complexity } from './complexity.ts'
import { cost } from './cost.ts'
import { enabled } from './enabled.ts'
import { health } from './health.ts'
import { preference } from './preference.ts'
import { privacy } from './privacy.ts'
import { readiness } from './readiness.ts'
import { speed } from './speed.ts'
import { sticky } from './sticky.ts'
import { task } from './task.ts'
import { tier } from './tier.ts'

/** The policies that this version can evaluate, by name, in the order of forbids. */
export const POLICIES: ReadonlyMap<string, PolicyKind> = new Map(
  Object.entries({
    enabled,
    capability,
    privacy,
    preference,
    budget,
    tier,
    health,
    sticky,
    readiness,
    battery,
    speed,
    task,
    complexity,
    cost,
  }),
)
