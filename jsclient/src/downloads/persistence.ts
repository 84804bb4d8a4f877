import { guarded } from '../capability/probe.ts'

/**
 * Asks the browser not to evict what the origin stores, which it may otherwise do whenever the disk fills up. Waits for
 * nothing, as Firefox puts the question to the user. Never throws: what the browser says changes nothing here.
 */
export function askToPersist(): void {
  guarded(() => navigator.storage.persist())?.catch(() => {})
}
