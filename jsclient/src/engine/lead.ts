import { MAX_TOKENS_AHEAD } from './protocol.ts'

/** How far the engine is ahead of its caller. */
export interface Lead {
  grow(tokens: number): void
  shrink(tokens: number): void
  /** Resolves when there is room for another token, or the call was aborted. */
  gone(): Promise<void>
}

/** The signal ends the waiting. */
export function createLead(signal: AbortSignal): Lead {
  let ahead = 0
  let wake: (() => void) | undefined
  signal.addEventListener('abort', () => wake?.(), { once: true })
  return {
    grow(tokens) {
      ahead += tokens
    },
    shrink(tokens) {
      ahead -= tokens
      if (ahead < MAX_TOKENS_AHEAD) wake?.()
    },
    async gone() {
      while (ahead >= MAX_TOKENS_AHEAD && !signal.aborted) {
        await new Promise<void>((resolve) => {
          wake = resolve
        })
      }
    },
  }
}
