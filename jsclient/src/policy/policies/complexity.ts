import type { Complexity } from '../../wire.ts'
import { byName, count, type Reader } from '../options.ts'
import { policy } from '../policy.ts'
import { COMPLEXITIES } from '../request.ts'
import { MAX_SCORE, score, weights } from '../score.ts'
import { outputTokens } from '../tokens.ts'

/** Code points. */
const DEFAULT_MAX_PROMPT_LENGTH = 2000

const DEFAULT_MAX_OUTPUT_TOKENS = 500

/** Thousandths. */
const DEFAULT_MAX_SCORE = 500

const levels = byName<Complexity>((word) => COMPLEXITIES.find((level) => level === word))

/** How complex a request is that declares a task and no complexity, by task. */
const tasks: Reader<ReadonlyMap<string, Complexity>> = (value) => {
  const priors = levels(value)
  return priors?.has('') ? undefined : priors
}

/**
 * Prefers the server for requests that a small model answers badly. Who knows more is heard first: a complexity that the
 * app declares; the prior of a task that it declares; the lengths, in code points and tokens; and last, where there are
 * features, a score of the text.
 */
export const complexity = policy(
  {
    maxPromptLength: count(DEFAULT_MAX_PROMPT_LENGTH),
    maxOutputTokens: count(DEFAULT_MAX_OUTPUT_TOKENS),
    maxScore: count(DEFAULT_MAX_SCORE, MAX_SCORE),
    tasks,
    weights,
  },
  ({ request }, { maxPromptLength, maxOutputTokens, maxScore, tasks, weights }) => {
    const { complexity: own, promptLength, task } = request
    const output = outputTokens(request)
    const points = score(request, weights)
    const declared = own && own !== 'auto' ? own : tasks.get(task ?? '')
    const measured = promptLength > maxPromptLength || output > maxOutputTokens || (points ?? 0) > maxScore
    const complex = declared && declared !== 'auto' ? declared === 'complex' : measured
    const detail = {
      promptLength,
      maxPromptLength,
      outputTokens: output,
      maxOutputTokens,
      ...(points !== undefined && { score: points, maxScore }),
    }
    return { ...(complex && { prefer: 'server', reason: 'request_too_complex' }), detail }
  },
)
