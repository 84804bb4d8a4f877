import { defined } from '../defined.ts'
import { InvalidRequestError } from '../errors/invalid-request-error.ts'
import { codePoints, utf8Length } from '../policy/numbers.ts'
import { checkRequest } from '../policy/request.ts'
import type { ChatCompletionRequest, ChatMessage, RequestInfo, RequestNeeds } from '../wire.ts'
import type { ChatRequest, RoutingOptions } from './options.ts'

/** A request taken apart: what a model gets, and what a decision may know. */
export interface PreparedRequest {
  /** What the model gets: without our own fields and without `stream`. */
  readonly body: ChatCompletionRequest
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
  'trace',
] satisfies (keyof RoutingOptions)[]

/** Takes a request apart. Throws an InvalidRequestError when it can't be meant. */
export function prepare(request: ChatRequest, more: RoutingOptions = {}): PreparedRequest {
  const { stream: _, ...fields } = { ...request, ...defined(more) }
  const part = (own: boolean) =>
    Object.fromEntries(Object.entries(fields).filter(([name]) => OWN.includes(name) === own))
  const options: RoutingOptions = part(true)
  const body = part(false) as unknown as ChatCompletionRequest
  checkMessages(body.messages)
  const texts = body.messages.flatMap(textsOf)
  const needs = needsOf(body)
  const { signal: _signal, trace: _trace, force, ...wishes } = options
  const info = defined({
    ...wishes,
    promptLength: texts.reduce((sum, text) => sum + codePoints(text), 0),
    maxTokens: body.max_completion_tokens ?? body.max_tokens ?? undefined,
    privacy: wishes.privacy || undefined,
    // Forcing a target is a preference that must come true; see `settle`.
    preference: force ? (force === 'browser' ? 'always' : 'never') : wishes.preference,
    needs: Object.keys(needs).length > 0 ? needs : undefined,
  })
  checkRequest(info)
  return { body, info, promptBytes: texts.reduce((sum, text) => sum + utf8Length(text), 0), options }
}

function needsOf({ messages, tools, tool_choice, response_format, logprobs, n }: ChatCompletionRequest): RequestNeeds {
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
    typeof content === 'string' ? [content] : (content ?? []).map((part) => ('text' in part ? part.text : ''))
  const calls = 'tool_calls' in message ? (message.tool_calls ?? []) : []
  return [...parts, ...calls.map((call) => call.function.arguments)]
}

function checkMessages(messages: unknown): void {
  const fine =
    Array.isArray(messages) && messages.length > 0 && messages.every((m) => typeof m === 'object' && m !== null)
  if (!fine) throw new InvalidRequestError('`messages` must be a list of at least one message.', { param: 'messages' })
}
