/** A timer that must be fed. */
export interface Watchdog {
  /** Starts the time again. */
  feed(): void
  /** Lets no time pass until it is fed. */
  pause(): void
  stop(): void
}

/** Calls `onStarved` once when it was not fed for `ms` milliseconds. 0 or Infinity = never. */
export function createWatchdog(ms: number, onStarved: () => void): Watchdog {
  let timer: ReturnType<typeof setTimeout> | undefined
  let stopped = !(ms > 0) || ms === Number.POSITIVE_INFINITY
  const stop = () => {
    stopped = true
    clearTimeout(timer)
  }
  const feed = () => {
    if (stopped) return
    clearTimeout(timer)
    timer = setTimeout(() => {
      stop()
      onStarved()
    }, ms)
  }
  feed()
  return { feed, pause: () => clearTimeout(timer), stop }
}
