/** Finds stop texts in a stream. */
export interface StopFinder {
  /** Takes the next piece; gives the text that is certainly before any stop. After a stop it gives nothing more. */
  push(text: string): string
  /** The text that was held back because it might have begun a stop. */
  flush(): string
  readonly stopped: boolean
}

/** Holds back the shortest tail that may still grow into one of the stops. Empty stops are ignored. */
export function createStopFinder(stops: readonly string[]): StopFinder {
  const wanted = stops.filter((stop) => stop !== '')
  let held = ''
  let stopped = false
  return {
    get stopped() {
      return stopped
    },
    push(text) {
      if (stopped) return ''
      if (wanted.length === 0) return text
      held += text
      const found = wanted.map((stop) => held.indexOf(stop)).filter((at) => at >= 0)
      if (found.length > 0) {
        stopped = true
        const before = held.slice(0, Math.min(...found))
        held = ''
        return before
      }
      const keep = Math.max(...wanted.map((stop) => overlap(held, stop)))
      const out = held.slice(0, held.length - keep)
      held = held.slice(held.length - keep)
      return out
    },
    flush() {
      const out = held
      held = ''
      return out
    },
  }
}

/** Length of the longest end of `text` that is a beginning of `stop`. */
function overlap(text: string, stop: string): number {
  for (let length = Math.min(text.length, stop.length - 1); length > 0; length--) {
    if (text.endsWith(stop.slice(0, length))) return length
  }
  return 0
}
