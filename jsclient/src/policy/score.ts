import type { RequestInfo } from '../wire.ts'
import { divide } from './numbers.ts'
import { count, type Reader, readOptions } from './options.ts'
import { promptTokens } from './tokens.ts'

/** The highest complexity score, in thousandths. */
export const MAX_SCORE = 1000

/** What one feature adds to a score. */
export interface Weight {
  /** Thousandths when full, 0..1000. */
  readonly points: number
  /** The amount from which on it adds no more, 0..2^40. 0 only without points: the feature then adds nothing. */
  readonly full: number
}

/**
 * How a complexity score is made: each feature adds its points in proportion, until it is full. Digits and operators are
 * taken per thousand code points, tokens are the prompt's, and the others are counts.
 */
export type Weights = Readonly<
  Record<'tokens' | 'messages' | 'codeFences' | 'digits' | 'operators' | 'questionWords' | 'reasoningVerbs', Weight>
>

/** The weights of a snapshot that has none. Set by hand, as in Go: set the threshold by an app's own log. */
export const DEFAULT_WEIGHTS: Weights = {
  tokens: { points: 300, full: 500 },
  messages: { points: 50, full: 20 },
  codeFences: { points: 150, full: 2 },
  digits: { points: 100, full: 100 },
  operators: { points: 100, full: 50 },
  questionWords: { points: 50, full: 3 },
  reasoningVerbs: { points: 250, full: 3 },
}

/**
 * How complex a request is, in thousandths, 0..1000; undefined without features: a length alone is no score. The same
 * integer in Go.
 */
export function score(request: RequestInfo, weights: Weights = DEFAULT_WEIGHTS): number | undefined {
  const { features } = request
  if (!features) return undefined
  const { codePoints = 0, digits = 0, operators = 0 } = features
  const { messages = 0, codeFences = 0, questionWords = 0, reasoningVerbs = 0 } = features
  const sum =
    added(weights.tokens, promptTokens(request)) +
    added(weights.messages, messages) +
    added(weights.codeFences, codeFences) +
    added(weights.digits, permille(digits, codePoints)) +
    added(weights.operators, permille(operators, codePoints)) +
    added(weights.questionWords, questionWords) +
    added(weights.reasoningVerbs, reasoningVerbs)
  return Math.min(sum, MAX_SCORE)
}

/** What an amount of the feature adds. */
function added({ points, full }: Weight, amount: number): number {
  return full && divide(points * Math.min(amount, full), full)
}

/** A share in thousandths of the whole, 1000 at most. */
function permille(share: number, whole: number): number {
  const bounded = Math.min(whole, 2 ** 43) // a thousand times that is below 2^53
  return bounded && divide(Math.min(share, bounded) * 1000, bounded)
}

/** A weight; absent or all zero, it adds nothing. `full` keeps its product with the points below 2^53. */
const weight: Reader<Weight> = (value) => {
  const read = readOptions({ points: count(0, MAX_SCORE), full: count(0, 2 ** 40) }, value)
  return read.points > 0 && read.full === 0 ? undefined : read
}

const readers = Object.fromEntries(Object.keys(DEFAULT_WEIGHTS).map((name) => [name, weight])) as {
  [Name in keyof Weights]: typeof weight
}

/** Reads weights; absent or all zero, they mean the default. */
export const weights: Reader<Weights> = (value) => {
  const given = readOptions(readers, value)
  return Object.values(given).some(({ points, full }) => points || full) ? given : DEFAULT_WEIGHTS
}
