/** A long prompt is computed in pieces, so that an abort is heard and the engine's silence is not taken for its death. */
import type { EngineEvent } from '../../engine/engine.ts'

/** Most tokens of a prompt that are run at once: what an abort waits for, and what bounds the memory of their scores. */
const PIECE = 256

/**
 * Where the pieces of a prompt end. Every one but the last is settled by the tokens before it, so that prompts that begin
 * alike are run in the same pieces as far as they are alike; `turns.ts` tells why that must be.
 */
export function pieceEnds(length: number, turnEnds: readonly number[]): number[] {
  const ends: number[] = []
  let at = 0
  for (const end of [...turnEnds, length]) {
    while (at < end) {
      at = Math.min(at + PIECE, end)
      ends.push(at)
    }
  }
  return ends
}

/** Emitted between two pieces. */
export const SIGN_OF_LIFE: EngineEvent = { type: 'delta', text: '', tokens: 0 }
