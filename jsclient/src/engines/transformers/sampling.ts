/** How the next token is picked: as the request says, else the model's own files, and never the package's defaults. */
import type { EngineRequest } from '../../engine/engine.ts'
import { keepHighest, keepNucleus } from '../decoding/cutoffs.ts'
import type { GenerateArguments, GenerationConfig, Logits } from './peer.ts'

type Sampling = Pick<GenerateArguments, 'do_sample' | 'temperature' | 'top_k' | 'logits_processor'>

/** Greedy, unless one of the two asks for more. */
export function samplingOf({ temperature, topP }: EngineRequest, own: GenerationConfig): Sampling {
  const degree = temperature ?? (own.do_sample === true ? (own.temperature ?? 1) : 0)
  if (degree === 0) return { do_sample: false }
  // Unless told, the package keeps 50; 0 = all.
  const topK = own.top_k ?? 0
  const sampling: Sampling = { do_sample: true, temperature: degree, top_k: topK }
  const nucleus = topP ?? own.top_p ?? 1
  if (nucleus < 1) sampling.logits_processor = [nucleusProcessor(topK, nucleus)]
  return sampling
}

/**
 * Transformers.js 4.3 takes a `top_p` and does nothing with it, but calls what it is given with the scores, after the
 * temperature. It cuts off by `top_k` only later, and the nucleus is one of what that leaves.
 */
export function nucleusProcessor(topK: number, topP: number): (ids: bigint[][], logits: Logits) => Logits {
  return (_ids, logits) => {
    const width = logits.dims.at(-1) ?? logits.data.length
    for (let start = 0; start < logits.data.length; start += width) {
      const scores = logits.data.subarray(start, start + width)
      if (topK > 0 && topK < width) keepHighest(scores, topK)
      keepNucleus(scores, topP)
    }
    return logits
  }
}
