import { InvalidRequestError } from '../errors/invalid-request-error.ts'
import type { RequestInfo } from '../wire.ts'
import { MAX_ENGINES, MAX_LABEL_BYTES } from './device.ts'
import { BYTES_PER_UNIT, utf8Length } from './numbers.ts'
import { isCount, isList, isText } from './validate.ts'

/** Longest free word of a request, bytes. */
const MAX_WORD_BYTES = 200

/** How complex an app may say that a request is. */
export const COMPLEXITIES = ['auto', 'simple', 'medium', 'complex'] as const

const TARGETS = ['browser', 'server'] as const

const WORDS = {
  complexity: COMPLEXITIES,
  privacy: ['local-only'],
  preference: ['auto', 'always', 'never'],
  inToolLoop: TARGETS,
  lastTarget: TARGETS,
} as const

/** Throws an InvalidRequestError that names the first field that makes no sense, as the server would. */
export function checkRequest(request: RequestInfo): void {
  const { promptLength, promptTokens, maxTokens, needs } = request
  const features: Record<string, number | undefined> = { ...request.features }
  checkCount('promptLength', promptLength)
  checkCount('promptTokens', promptTokens ?? 0)
  checkCount('maxTokens', maxTokens ?? 0)
  checkCount('needs.n', needs?.n ?? 0)
  for (const name in features) checkCount(`features.${name}`, features[name] ?? 0)
  for (const param of Object.keys(WORDS) as (keyof typeof WORDS)[]) {
    const words: readonly string[] = WORDS[param]
    const value = request[param]
    if (value && !words.includes(value)) refuse(param, `one of ${words.join(', ')}`)
  }
  for (const param of ['task', 'conversationId'] as const) {
    if (!isWord(request[param] ?? '', MAX_WORD_BYTES)) refuse(param, `text of ${MAX_WORD_BYTES} bytes at most`)
  }
  const engines: unknown = request.engines ?? []
  if (!isList(engines, isEngineName) || engines.length > MAX_ENGINES) {
    refuse('engines', `a list of ${MAX_ENGINES} names at most, of 1 to ${MAX_LABEL_BYTES} bytes`)
  }
}

/** Whether it is text of so many bytes at most. */
function isWord(value: unknown, bytes: number): value is string {
  return isText(value) && (value.length * BYTES_PER_UNIT <= bytes || utf8Length(value) <= bytes)
}

function isEngineName(value: unknown): value is string {
  return isWord(value, MAX_LABEL_BYTES) && value !== ''
}

function checkCount(param: string, value: unknown): void {
  if (!isCount(value)) refuse(param, 'a whole number from 0 to 2^53-1')
}

function refuse(param: string, wanted: string): never {
  throw new InvalidRequestError(`\`${param}\` must be ${wanted}.`, { param })
}
