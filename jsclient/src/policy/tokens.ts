import type { RequestInfo } from '../wire.ts'
import { divide } from './numbers.ts'

/** Code points of an alphabetic script that make one token, on average. */
const CHARACTERS_PER_TOKEN = 4

/** Completion length assumed for a request that states none. */
export const DEFAULT_MAX_TOKENS = 256

/**
 * The prompt's length in tokens: what the page counted, or an estimate that is the same integer in Go. CJK text counts
 * a token a character, where features were taken.
 */
export function promptTokens({ promptLength, promptTokens, features }: RequestInfo): number {
  if (promptTokens && promptTokens > 0) return promptTokens
  const part = features?.codePoints ?? 0
  let cjk = 0
  if (part > 0) cjk = Math.min(scale(Math.min(features?.cjk ?? 0, part), part, promptLength), promptLength)
  return cjk + Math.ceil((promptLength - cjk) / CHARACTERS_PER_TOKEN)
}

/** The completion length to plan for, tokens. */
export function outputTokens({ maxTokens }: RequestInfo): number {
  return maxTokens && maxTokens > 0 ? maxTokens : DEFAULT_MAX_TOKENS
}

/** How much of the whole a share of a part stands for: features may cover only the ends of a long prompt. */
function scale(share: number, part: number, whole: number): number {
  if (whole <= part) return share
  if (whole < 2 ** 32 && share < 2 ** 20) return divide(whole * share, part)
  return divide(whole, part) * share
}
