import { defined } from '../defined.ts'
import type { ModelState } from '../wire.ts'

/** Tokens after the first that a speed must be measured over. */
const LEAST_TOKENS = 4

/** How fast one model was in this page. Kept in memory only. */
export class ModelHistory {
  #loadMs: number | undefined
  #ttftMs: number | undefined
  #tokensPerSecondMilli: number | undefined

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
  get speeds(): Pick<ModelState, 'loadMs' | 'tokensPerSecondMilli' | 'ttftMs'> {
    return defined({ loadMs: this.#loadMs, tokensPerSecondMilli: this.#tokensPerSecondMilli, ttftMs: this.#ttftMs })
  }
}

/** Moves halfway to the new value, so that one odd measurement passes quickly. At least 1, because 0 means unknown. */
function blend(old: number | undefined, value: number): number {
  return Math.max(1, Math.round(old === undefined ? value : (old + value) / 2))
}
