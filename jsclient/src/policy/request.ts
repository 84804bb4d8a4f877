import { InvalidRequestError } from '../errors/invalid-request-error.ts'
import type { RequestInfo } from '../wire.ts'
import { MAX_COUNT, utf8Length } from './numbers.ts'

/** Longest free word of a request, bytes. */
const MAX_WORD_BYTES = 200

const WORDS: Readonly<Partial<Record<keyof RequestInfo, readonly string[]>>> = {
  complexity: ['auto', 'simple', 'medium', 'complex'],
  privacy: ['local-only'],
  preference: ['auto', 'always', 'never'],
}

/** Throws an InvalidRequestError that names the first field that makes no sense, as the server would. */
export function checkRequest(request: RequestInfo): void {
  const { promptLength, promptTokens, maxTokens, needs, features } = request
  const counts: Record<string, number | undefined> = { promptLength, promptTokens, maxTokens, 'needs.n': needs?.n }
  for (const [name, value] of Object.entries(features ?? {})) counts[`features.${name}`] = value
  for (const [param, value] of Object.entries(counts)) {
    const fine = Number.isInteger(value) && (value as number) >= 0 && (value as number) <= MAX_COUNT
    if (value !== undefined && !fine) throw invalid(param, 'must be a whole number from 0 to 2^53-1')
  }
  for (const [param, valid] of Object.entries(WORDS)) {
    const value = request[param as keyof RequestInfo]
    if (value && !valid.includes(value as string)) throw invalid(param, `must be one of ${valid.join(', ')}`)
  }
  for (const param of ['task', 'conversationId'] as const) {
    if (utf8Length(request[param] ?? '') > MAX_WORD_BYTES) throw invalid(param, `must fit in ${MAX_WORD_BYTES} bytes`)
  }
}

function invalid(param: string, problem: string): InvalidRequestError {
  return new InvalidRequestError(`\`${param}\` ${problem}.`, { param })
}
