import { defined } from '../defined.ts'
import { InvalidRequestError } from '../errors/invalid-request-error.ts'
import { features } from '../policy/features.ts'
import { codePoints, utf8Length } from '../policy/numbers.ts'
import { checkRequest } from '../policy/request.ts'
import { isList, isObject, isText } from '../policy/validate.ts'
import type { ChatCompletionRequest, ChatMessage, OpenAIChatRequest, RequestInfo, RequestNeeds } from '../wire.ts'
import { FIELDS } from './fields.ts'
import type { ChatRequest, RoutingOptions } from './options.ts'

/** A request taken apart: what a model gets, and what a decision may know. */
export interface PreparedRequest {
  /** What the model gets: without our own fields and without `stream`. */
  readonly body: OpenAIChatRequest
  /** What the server gets besides. */
  readonly extraBody: Readonly<Record<string, unknown>>
  /** Counts and wishes; never text. */
  readonly info: RequestInfo
  /** UTF-8 bytes of the messages' text. */
  readonly promptBytes: number
  readonly options: RoutingOptions
}

/** Our own fields of a request. */
const OWN: readonly string[] = [
  'signal',
  'privacy',
  'preference',
  'complexity',
  'task',
  'force',
  'promptTokens',
  'features',
  'conversationId',
  'inToolLoop',
  'lastTarget',
  'trace',
] satisfies (keyof RoutingOptions)[]

/** What the client alone writes, once it is decided. */
const ORIGIN = 'edgewise' satisfies keyof ChatCompletionRequest

/** Takes a request apart. Throws an InvalidRequestError when it can't be meant. */
export function prepare(request: ChatRequest, more: RoutingOptions = {}): PreparedRequest {
  const { stream: _, extraBody = {}, ...fields } = { ...request, ...defined(more) }
  checkFields(defined(fields))
  checkExtra(extraBody)
  const part = (own: boolean) =>
    Object.fromEntries(Object.entries(fields).filter(([name]) => OWN.includes(name) === own))
  const options: RoutingOptions = part(true)
  const body = part(false) as unknown as OpenAIChatRequest
  checkMessages(body.messages)
  const texts = body.messages.flatMap(textsOf)
  const needs = needsOf(body)
  const { signal: _signal, trace: _trace, force, ...wishes } = options
  const info = defined({
    ...wishes,
    promptLength: texts.reduce((sum, text) => sum + codePoints(text), 0),
    features: wishes.features ?? { ...features(texts.join('\n')), messages: body.messages.length },
    maxTokens: body.max_completion_tokens ?? body.max_tokens ?? undefined,
    privacy: wishes.privacy || undefined,
    // Forcing a target is a preference that must come true; see `settle`.
    preference: force ? (force === 'browser' ? 'always' : 'never') : wishes.preference,
    needs: Object.keys(needs).length > 0 ? needs : undefined,
  })
  checkRequest(info)
  const promptBytes = texts.reduce((sum, text) => sum + utf8Length(text), 0)
  return { body, extraBody: defined(extraBody), info, promptBytes, options }
}

function needsOf({ messages, tools, tool_choice, response_format, logprobs, n }: OpenAIChatRequest): RequestNeeds {
  const hasImages = messages.some(
    ({ content }) => Array.isArray(content) && content.some(({ type }) => type !== 'text'),
  )
  return defined({
    tools: (tools?.length && tool_choice !== 'none') || undefined,
    jsonSchema: (response_format && response_format.type !== 'text') || undefined,
    images: hasImages || undefined,
    logprobs: logprobs || undefined,
    n: n && n > 1 ? n : undefined,
  })
}

/** Every text of a message that counts as prompt. */
function textsOf(message: ChatMessage): string[] {
  const { content } = message
  const parts =
    typeof content === 'string'
      ? [content]
      : (content ?? []).flatMap((part) => (part.type === 'text' ? [part.text] : []))
  const calls = 'tool_calls' in message ? (message.tool_calls ?? []) : []
  return [...parts, ...calls.map((call) => call.function.arguments)]
}

/** A misspelt `privacy` must not pass for a field of the server's. */
function checkFields(fields: object): void {
  const unknown = Object.keys(fields).find((name) => !isKnown(name))
  if (unknown === undefined) return
  const message = `\`${unknown}\` is no field of a request. What only your server knows goes into \`extraBody\`.`
  throw new InvalidRequestError(message, { param: unknown })
}

function checkExtra(extraBody: unknown): void {
  if (!isObject(extraBody)) throw new InvalidRequestError('`extraBody` must be an object.', { param: 'extraBody' })
  const known = Object.keys(extraBody).find((name) => isKnown(name) || name === ORIGIN)
  if (known === undefined) return
  const message = `\`${known}\` is a field of the request itself. Take it out of \`extraBody\`.`
  throw new InvalidRequestError(message, { param: `extraBody.${known}` })
}

function isKnown(name: string): boolean {
  return Object.hasOwn(FIELDS, name) || OWN.includes(name)
}

function checkMessages(messages: unknown): void {
  if (!Array.isArray(messages) || messages.length === 0 || !messages.every(isObject)) {
    throw new InvalidRequestError('`messages` must be a list of at least one message.', { param: 'messages' })
  }
  for (const [i, { content, tool_calls }] of messages.entries()) {
    const check = (field: string, fine: boolean, wanted: string): void => {
      const param = `messages[${i}].${field}`
      if (!fine) throw new InvalidRequestError(`\`${param}\` must be ${wanted}.`, { param })
    }
    check('content', content == null || isText(content) || isList(content, isPart), 'text or a list of parts')
    check('tool_calls', tool_calls == null || isList(tool_calls, isCall), 'a list of function calls')
  }
}

function isPart(part: unknown): part is object {
  return isObject(part) && (part.type !== 'text' || isText(part.text))
}

function isCall(call: unknown): call is object {
  return isObject(call) && isObject(call.function) && isText(call.function.arguments)
}
