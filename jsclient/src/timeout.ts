/** A signal that aborts after a while, unless it is cleared. */
export interface Timeout {
  readonly signal: AbortSignal
  /** Lets go of the timer, which would otherwise outlive what was waited for. Too late after the abort. */
  clear(): void
}

/** Longest time that a timer takes, ms; a longer one would end at once. */
const MAX_MS = 2 ** 31 - 1

/** As `AbortSignal.timeout`, but it can be cleared, and takes any number of milliseconds. */
export function startTimeout(ms: number): Timeout {
  const controller = new AbortController()
  const abort = (): void => controller.abort(new DOMException(`Nothing came in ${ms} ms.`, 'TimeoutError'))
  const timer = setTimeout(abort, Math.min(ms, MAX_MS))
  return { signal: controller.signal, clear: () => clearTimeout(timer) }
}
