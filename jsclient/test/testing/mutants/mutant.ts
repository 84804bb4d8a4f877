/** An engine that is wrong in one respect, and what such engines need. */
import type { Engine } from '../../../src/engine/engine.ts'
import { EngineError } from '../../../src/errors/engine-error.ts'
import type { Subject } from '../../../src/testing/conformance.ts'
import type { Wrap } from '../mutate.ts'

export interface Mutant {
  /** What it does. */
  name: string
  /** How the name of the check begins that fails. */
  fails: string
  wrap: Wrap
  /** What it supports less than others. */
  supports?: Engine['supports']
  subject?: Partial<Subject>
}

export const failure = (code: string, stage: 'load' | 'generate' = 'generate') =>
  new EngineError('wrong on purpose', { stage, code })

export const later = () => new Promise((resolve) => setTimeout(resolve, 1))

export const never = new Promise<never>(() => {})

/** For those that hang. */
export const IMPATIENT: Partial<Subject> = { patienceMs: 100 }

/** A counter that a mutant forgets to turn back. */
export function counter() {
  let count = 0
  return { up: () => count++, down: () => count--, value: () => count }
}
