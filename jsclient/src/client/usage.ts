import type { EngineUsage } from '../engine/engine.ts'
import type { ChatUsage } from '../wire.ts'

/** Counts in OpenAI's form. */
export function toUsage({ promptTokens, completionTokens, cachedTokens }: EngineUsage): ChatUsage {
  return {
    prompt_tokens: promptTokens,
    completion_tokens: completionTokens,
    total_tokens: promptTokens + completionTokens,
    ...(cachedTokens !== undefined && { prompt_tokens_details: { cached_tokens: cachedTokens } }),
  }
}
