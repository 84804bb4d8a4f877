import { InvalidRequestError } from '../errors/invalid-request-error.ts'
import type { RequestInfo } from '../wire.ts'
import { utf8Length } from './numbers.ts'
import { isCount } from './validate.ts'

/** Longest free word of a request, bytes. */
const MAX_WORD_BYTES = 200

const WORDS = {
  complexity: ['auto', 'simple', 'medium', 'complex'],
  privacy: ['local-only'],
  preference: ['auto', 'always', 'never'],
  inToolLoop: ['browser', 'server'],
} as const

/** Throws an InvalidRequestError that names the first field that makes no sense, as the server would. */
export function checkRequest(request: RequestInfo): void {
  const { promptLength, promptTokens = 0, maxTokens = 0, needs, features } = request
  const check = (param: string, fine: boolean, wanted: string): void => {
    if (!fine) throw new InvalidRequestError(`\`${param}\` must be ${wanted}.`, { param })
  }
  const counts = { promptLength, promptTokens, maxTokens, 'needs.n': needs?.n }
  const featureCounts = Object.entries(features ?? {}).map(([name, value]) => [`features.${name}`, value] as const)
  for (const [param, value = 0] of [...Object.entries(counts), ...featureCounts]) {
    check(param, isCount(value), 'a whole number from 0 to 2^53-1')
  }
  for (const [param, words] of Object.entries(WORDS)) {
    const value = request[param as keyof typeof WORDS]
    check(param, !value || (words as readonly string[]).includes(value), `one of ${words.join(', ')}`)
  }
  for (const param of ['task', 'conversationId'] as const) {
    check(param, utf8Length(request[param] ?? '') <= MAX_WORD_BYTES, `${MAX_WORD_BYTES} bytes at most`)
  }
}
