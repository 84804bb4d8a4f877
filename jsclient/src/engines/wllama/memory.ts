/**
 * Bounds what llama.cpp remembers. Before a prompt that has little in common with the last one it saves the state of that
 * one, for up to 8 GiB, and the package has no switch for it: only a new instance forgets.
 */
import type { Timings } from './peer.ts'

/** What may be saved: as much as so many whole context windows take. */
const WINDOWS = 4

export interface Memory {
  /** More was saved than may be. */
  readonly isFull: boolean
  /** An answer has ended, or was ended. */
  note(timings: Timings): void
}

/** For one instance, with a context window of so many tokens. */
export function createMemory(window: number): Memory {
  let held = 0
  let saved = 0
  return {
    get isFull() {
      return saved > WINDOWS * window
    },
    note({ cache_n, prompt_n, predicted_n }) {
      // llama.cpp's own rule.
      if (cache_n < held / 2) saved += held
      held = cache_n + prompt_n + predicted_n
    },
  }
}
