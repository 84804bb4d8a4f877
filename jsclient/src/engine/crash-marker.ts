/**
 * How a page knows that a model took its tab down, which no script lives to see: before what may do so it writes down what
 * it is about to do, and takes that away afterwards. Whoever finds the marker of a tab that is gone knows what ended it.
 */

import { afterCrash } from './circuit.ts'
import { isSame } from './health-edits.ts'
import { type CrashMarker, type HealthRecords, isOf, type Subject } from './health-records.ts'
import { heldLocks } from './held-locks.ts'
import { holdLifeline } from './lifeline.ts'

/** A stretch of work, of which some may take the tab down. Nothing of it throws. */
export interface CrashMark {
  /** Whether what comes now may. False at first. */
  set(dangerous: boolean): void
  /** It has ended, in whatever way. Idempotent. */
  end(): void
}

/** For what is not remembered. */
export const NO_MARK: CrashMark = { set() {}, end() {} }

/**
 * Begins such a stretch. The marker stands while the work is dangerous and the user looks at the page: browsers end hidden
 * tabs to save memory, and tabs that are closed, without a word, which is nobody's fault. A tab that is shown again goes on.
 */
export async function beginMark(records: HealthRecords, { engine, model }: Subject): Promise<CrashMark> {
  const done = new AbortController()
  const { signal } = done
  const lock = await holdLifeline(new Promise((resolve) => signal.addEventListener('abort', () => resolve())))
  const marker: CrashMarker = { engine, model, ...(lock !== undefined && { lock }) }
  let dangerous = false
  let left = false
  let stands = false
  const apply = (): void => {
    const shall = dangerous && !left && globalThis.document?.visibilityState !== 'hidden'
    if (shall === stands) return
    stands = shall
    records.update(({ circuits, markers }) => {
      const others = markers.filter((other) => !isSame(marker, other))
      return { circuits, markers: shall ? [...others, marker] : others }
    })
  }
  const onPage = ({ type }: Event): void => {
    left = type === 'pagehide'
    apply()
  }
  globalThis.document?.addEventListener('visibilitychange', apply, { signal })
  globalThis.addEventListener?.('pagehide', onPage, { signal })
  globalThis.addEventListener?.('pageshow', onPage, { signal })
  const set = (value: boolean): void => {
    dangerous = value && !signal.aborted
    apply()
  }
  const end = (): void => {
    set(false)
    done.abort()
  }
  return { set, end }
}

/** Looks for markers of tabs that are gone, and opens the circuits of their models. Never rejects. */
export async function findCrashes(records: HealthRecords, now: () => number): Promise<void> {
  const { markers: found } = records.read()
  if (found.length === 0) return
  const held = await heldLocks()
  // Where nobody can say who lives, nobody is blamed.
  if (!held) return
  const dead = found.filter(({ lock }) => lock === undefined || !held.has(lock))
  records.update((before) => {
    // Another tab may have found them meanwhile.
    const crashes = before.markers.filter((marker) => dead.some((other) => isSame(marker, other)))
    const markers = before.markers.filter((marker) => !crashes.includes(marker))
    let { circuits } = before
    // Tabs that died together are one crash.
    for (const { engine, model } of crashes.filter((crash, i) => crashes.findIndex(isOf(crash)) === i)) {
      const is = isOf({ engine, model })
      const circuit = afterCrash(circuits.find(is), now())
      circuits = [...circuits.filter((record) => !is(record)), { engine, model, ...circuit }]
    }
    return { circuits, markers }
  })
}
