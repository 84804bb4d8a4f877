/** How a session is told a request's temperature. */
import { refuse } from './failure.ts'
import type { PromptAPIOptions } from './options.ts'
import type { LanguageModelAPI, Sampling, SamplingParams } from './peer.ts'

const MODES = ['most-predictable', 'predictable', 'balanced', 'creative', 'most-creative'] as const
/** The highest temperature of each mode but the last. */
const LIMITS = [0, 0.5, 1, 1.5]

/** Whether a temperature may become a mode. A browser without modes ignores them in silence, but for this attribute. */
export function hasModes(api: LanguageModelAPI, { temperature }: PromptAPIOptions): boolean {
  return temperature === 'approximate' && 'samplingMode' in api.prototype
}

/** Throws an `EngineUnsupportedError` where the browser would ignore or change the temperature. */
export function samplingOf(
  temperature: number | undefined,
  params: SamplingParams | null | undefined,
  modes: boolean,
): Sampling {
  if (temperature === undefined) return {}
  if (params && temperature <= params.maxTemperature) {
    // One candidate is greedy.
    return { temperature, topK: temperature === 0 ? 1 : params.defaultTopK }
  }
  if (params || !modes) refuse('temperature', 'the browser takes none; see promptAPI()')
  const mode = LIMITS.filter((limit) => temperature > limit).length
  return { samplingMode: MODES[mode] as (typeof MODES)[number] }
}
