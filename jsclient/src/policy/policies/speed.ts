import { divide } from '../numbers.ts'
import { count } from '../options.ts'
import { type PolicyInput, policy } from '../policy.ts'
import { outputTokens } from '../tokens.ts'

const DEFAULT_DEADLINE_MS = 30_000

/** Bound of each quantity, so that no product or sum reaches 2^53. */
const MOST = 2 ** 32

/**
 * Prefers the server when the browser's whole answer would come later than a deadline, at the speed that the page
 * measured for the candidate, or else at the one it predicted. With neither it abstains.
 */
export const speed = policy({ deadlineMs: count(DEFAULT_DEADLINE_MS) }, (input, { deadlineMs }) => {
  const { tokensPerSecondMilli: measured, predictedTokensPerSecondMilli: predicted } = input.selection.state
  const tokensPerSecondMilli = measured || predicted
  const expectedMs = tokensPerSecondMilli && expected(input, tokensPerSecondMilli)
  const late = expectedMs > deadlineMs
  return {
    ...(late && { prefer: 'server', reason: 'too_slow' }),
    detail: { expectedMs, tokensPerSecondMilli, deadlineMs },
  }
})

/**
 * When the candidate's answer would be complete, ms: the load of a cached model, the first token, and every token that
 * the request may ask for. A download is not counted; whether to wait for one is for `readiness`.
 */
function expected({ request, selection: { state } }: PolicyInput, speed: number): number {
  const bounded = (value: number): number => Math.min(value, MOST)
  const decoding = divide(bounded(outputTokens(request)) * 1_000_000, speed)
  return decoding + bounded(state.ttftMs) + (state.status === 'cached' ? bounded(state.loadMs) : 0)
}
