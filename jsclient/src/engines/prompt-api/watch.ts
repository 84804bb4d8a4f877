import type { Watchdog } from '../../engine/watchdog.ts'
import { createWatchdog } from '../../engine/watchdog.ts'

/** A watchdog that does not blame a browser for a page that is hidden: pages in view come first to its one model. */
export function watch(ms: number, onStarved: () => void): Watchdog {
  const start = () =>
    createWatchdog(ms, () => {
      if (globalThis.document?.hidden) dog = start()
      else onStarved()
    })
  let dog = start()
  return { feed: () => dog.feed(), pause: () => dog.pause(), stop: () => dog.stop() }
}
