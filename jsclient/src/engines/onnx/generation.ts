/** What the model's own files say of generation. */
import type { EngineRequest } from '../../engine/engine.ts'
import type { Config } from './contents.ts'
import type { Sampling } from './sampler.ts'

/** Settings of `generation_config.json` that pick other tokens and that nothing here honours. */
const UNKNOWN = [
  'bad_words_ids',
  'begin_suppress_tokens',
  'encoder_repetition_penalty',
  'epsilon_cutoff',
  'eta_cutoff',
  'exponential_decay_length_penalty',
  'forced_bos_token_id',
  'forced_decoder_ids',
  'forced_eos_token_id',
  'guidance_scale',
  'min_length',
  'min_new_tokens',
  'min_p',
  'no_repeat_ngram_size',
  'num_beams',
  'penalty_alpha',
  'sequence_bias',
  'stop_strings',
  'suppress_tokens',
  'typical_p',
]

/** The first such setting that isn't neutral. */
export function unknownSetting(generation: Config): string | undefined {
  return UNKNOWN.find((name) => {
    const value = generation[name] ?? 0
    return Array.isArray(value) ? value.length > 0 : value !== 0 && value !== 1 && value !== false
  })
}

/** The request's wishes, else the model's: greedy, unless its `generation_config.json` says `do_sample`. */
export function samplingOf({ temperature, topP, seed }: EngineRequest, generation: Config): Sampling {
  const number = (name: string, neutral: number) => Number(generation[name] ?? neutral)
  return {
    temperature: temperature ?? (generation.do_sample === true ? number('temperature', 1) : 0),
    topP: topP ?? number('top_p', 1),
    topK: number('top_k', 0),
    repetitionPenalty: number('repetition_penalty', 1),
    seed,
  }
}

export function endIdsOf(generation: Config, config: Config): Set<bigint> {
  const ids = generation.eos_token_id ?? config.eos_token_id ?? []
  return new Set([ids as number | number[]].flat().map(BigInt))
}
