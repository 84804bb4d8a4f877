/** Picks a token by its score. */
import { EngineError } from '../../errors/engine-error.ts'
import { keepHighest, keepNucleus } from '../decoding/cutoffs.ts'
import { createRandom } from '../decoding/random.ts'

export interface Sampling {
  /** 0 = the likeliest token. */
  temperature: number
  /** 1 = all. */
  topP: number
  /** Only so many of the likeliest tokens; 0 = all. */
  topK: number
  /** What the scores of tokens that are there already are divided by; 1 = nothing. */
  repetitionPenalty: number
  seed?: number | undefined
}

/** Takes the scores, which it changes, and the tokens so far. */
export type Sampler = (scores: Float32Array, tokens: readonly bigint[]) => number

/** In the order of Hugging Face's generation: repetition, temperature, top k, top p. */
export function createSampler({ temperature, topP, topK, repetitionPenalty, seed }: Sampling): Sampler {
  const random = createRandom(seed)
  return (scores, tokens) => {
    if (repetitionPenalty !== 1) penalize(scores, tokens, repetitionPenalty)
    const likeliest = argmax(scores)
    if (temperature === 0) return likeliest
    for (let token = 0; token < scores.length; token++) scores[token] = (scores[token] ?? 0) / temperature
    if (topK > 0 && topK < scores.length) keepHighest(scores, topK)
    if (topP < 1) keepNucleus(scores, topP)
    return draw(scores, scores[likeliest] ?? 0, random())
  }
}

function penalize(scores: Float32Array, tokens: readonly bigint[], penalty: number): void {
  for (const token of new Set(tokens.map(Number))) {
    const score = scores[token] ?? 0
    scores[token] = score < 0 ? score * penalty : score / penalty
  }
}

function argmax(scores: Float32Array): number {
  let best = -1
  let highest = Number.NEGATIVE_INFINITY
  for (let token = 0; token < scores.length; token++) {
    const score = scores[token] as number
    if (score > highest) {
      highest = score
      best = token
    }
  }
  if (best >= 0) return best
  const message = "the model's scores are no numbers: its weights are damaged, or overflow on this device"
  throw new EngineError(message, { stage: 'generate', code: 'generate_failed' })
}

/** The token at which the running sum of the probabilities passes `share` of the whole. */
function draw(scores: Float32Array, highest: number, share: number): number {
  const weights = Float64Array.from(scores, (score) => Math.exp(score - highest))
  let left = share * weights.reduce((sum, weight) => sum + weight, 0)
  const token = weights.findIndex((weight) => {
    left -= weight
    return left < 0
  })
  // Rounding may leave nothing behind the last token; then it is the likeliest.
  return token >= 0 ? token : weights.indexOf(1)
}
