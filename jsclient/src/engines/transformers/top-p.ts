/** Transformers.js 4.3 takes a `top_p` and does nothing with it, but calls what it is given with the scores. */
import { keepNucleus } from '../decoding/nucleus.ts'
import type { Logits } from './peer.ts'

/** Runs after the temperature, which is where the package calls processors that it is given. */
export function topPProcessor(topP: number): (ids: bigint[][], logits: Logits) => Logits {
  return (_ids, logits) => {
    const scores = logits.data
    const width = logits.dims.at(-1) ?? scores.length
    for (let start = 0; start < scores.length; start += width) keepNucleus(scores.subarray(start, start + width), topP)
    return logits
  }
}
