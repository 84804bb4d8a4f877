/** A timer that must be fed. */
export interface Watchdog {
  /** Starts the time again. */
  feed(): void
  /** Lets no time pass until it is fed. */
  pause(): void
  stop(): void
}

/** A timer that comes this late, ms, comes from a page that was frozen or asleep. */
const FROZEN_MS = 1000

/**
 * Calls `onStarved` once when it was not fed for `ms` milliseconds. 0 or Infinity = never. A page that was frozen has
 * heard nobody meanwhile, so the time starts once more before anybody is blamed.
 */
export function createWatchdog(ms: number, onStarved: () => void): Watchdog {
  let timer: ReturnType<typeof setTimeout> | undefined
  let stopped = !(ms > 0) || ms === Number.POSITIVE_INFINITY
  const stop = () => {
    stopped = true
    clearTimeout(timer)
  }
  const start = (mayBeLate: boolean) => {
    if (stopped) return
    clearTimeout(timer)
    const due = performance.now() + ms
    timer = setTimeout(() => {
      if (mayBeLate && performance.now() - due > FROZEN_MS) return start(false)
      stop()
      onStarved()
    }, ms)
  }
  const feed = () => start(true)
  feed()
  return { feed, pause: () => clearTimeout(timer), stop }
}
