import { bounded, guarded } from '../capability/probe.ts'

/**
 * The names of the Web Locks that are held in any tab of the origin; undefined = the browser does not say. Empty where there
 * are no locks, as outside secure contexts and in Node 20. Never rejects.
 */
export async function heldLocks(): Promise<ReadonlySet<string> | undefined> {
  const locks = guarded(() => navigator.locks as LockManager | undefined)
  if (!locks) return new Set()
  const state = await bounded(() => locks.query())
  return state && new Set(state.held?.map(({ name = '' }) => name))
}
