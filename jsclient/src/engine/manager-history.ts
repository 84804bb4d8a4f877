import type { ModelState } from '../wire.ts'

/** How long a failure counts, ms. */
export const FAILURE_WINDOW_MS = 5 * 60_000

/** Tokens after the first that a speed must be measured over. */
const LEAST_TOKENS = 4

/** What this page has learned about one model. Kept in memory only. */
export class ModelHistory {
  #failures: number[] = []
  #loadMs: number | undefined
  #ttftMs: number | undefined
  #tokensPerSecondMilli: number | undefined

  addFailure(now: number): void {
    this.#failures.push(now)
  }

  /** A load from disk took this long. */
  addLoad(ms: number): void {
    this.#loadMs = blend(this.#loadMs, ms)
  }

  /** `tokens` came in `decodeMs` after the first delta, which took `ttftMs`. */
  addGeneration(ttftMs: number, tokens: number, decodeMs: number): void {
    this.#ttftMs = blend(this.#ttftMs, ttftMs)
    if (tokens < LEAST_TOKENS || decodeMs <= 0) return
    this.#tokensPerSecondMilli = blend(this.#tokensPerSecondMilli, (tokens * 1_000_000) / decodeMs)
  }

  /** As numbers for the wire; what is not known is absent. */
  state(now: number): Omit<ModelState, 'status'> {
    this.#failures = this.#failures.filter((at) => now - at < FAILURE_WINDOW_MS)
    const failures = this.#failures.length
    return {
      ...(this.#loadMs !== undefined && { loadMs: this.#loadMs }),
      ...(this.#tokensPerSecondMilli !== undefined && { tokensPerSecondMilli: this.#tokensPerSecondMilli }),
      ...(this.#ttftMs !== undefined && { ttftMs: this.#ttftMs }),
      ...(failures > 0 && { failures }),
    }
  }
}

/** Moves halfway to the new value, so that one odd measurement passes quickly. At least 1, because 0 means unknown. */
function blend(old: number | undefined, value: number): number {
  return Math.max(1, Math.round(old === undefined ? value : (old + value) / 2))
}
