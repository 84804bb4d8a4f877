import type { EngineUsage } from '../engine/engine.ts'
import type { ChatUsage } from '../wire.ts'

/** Counts in OpenAI's form. */
export function toUsage({ promptTokens, completionTokens }: EngineUsage): ChatUsage {
  return {
    prompt_tokens: promptTokens,
    completion_tokens: completionTokens,
    total_tokens: promptTokens + completionTokens,
  }
}
