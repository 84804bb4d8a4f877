import type { EngineRequest } from '../engine/engine.ts'
import { InvalidRequestError } from '../errors/invalid-request-error.ts'
import { codePoints, utf8Length } from '../policy/numbers.ts'
import { checkRequest } from '../policy/request.ts'
import type { ChatCompletionRequest, ChatMessage, ModelInfo, RequestInfo, RequestNeeds } from '../wire.ts'
import type { ChatRequest, RoutingOptions } from './options.ts'

/** A request taken apart: what the server gets, what an engine gets, what a decision may know. */
export interface PreparedRequest {
  /** Body for the server, without our own fields and without `stream`. */
  readonly body: ChatCompletionRequest
  /** Counts and wishes; never text. */
  readonly info: RequestInfo
  /** UTF-8 bytes of the messages' text. */
  readonly promptBytes: number
  /** The first field that no local engine honours. */
  readonly serverOnly: string | undefined
  readonly options: RoutingOptions
}

/** Fields that mean something to a local engine. */
const LOCAL = new Set([
  'messages',
  'max_tokens',
  'max_completion_tokens',
  'temperature',
  'top_p',
  'n',
  'stop',
  'seed',
  'response_format',
  'tools',
  'tool_choice',
  'logprobs',
  'continue_final_message',
  'add_generation_prompt',
])

/** Fields that have no influence on the answer. */
const INERT = new Set([
  'model',
  'user',
  'metadata',
  'store',
  'service_tier',
  'safety_identifier',
  'prompt_cache_key',
  'stream_options',
])

/** Takes a request apart. Throws an InvalidRequestError when it can't be meant. */
export function prepare(request: ChatRequest, more: RoutingOptions = {}): PreparedRequest {
  const { signal, privacy, preference, complexity, task, force, promptTokens, features, ...rest } = request
  const { conversationId, inToolLoop, trace, stream: _stream, ...body } = rest
  const own = { signal, privacy, preference, complexity, task, force, promptTokens, features }
  const options: RoutingOptions = { ...own, conversationId, inToolLoop, trace, ...defined(more) }
  checkMessages(body.messages)
  const texts = body.messages.flatMap(textsOf)
  const maxTokens = body.max_completion_tokens ?? body.max_tokens ?? undefined
  const needs = needsOf(body)
  const info = defined({
    promptLength: texts.reduce((sum, text) => sum + codePoints(text), 0),
    promptTokens: options.promptTokens,
    maxTokens,
    complexity: options.complexity,
    task: options.task,
    privacy: options.privacy || undefined,
    preference: wish(options),
    features: options.features,
    needs: Object.keys(needs).length > 0 ? needs : undefined,
    conversationId: options.conversationId,
    inToolLoop: options.inToolLoop,
  })
  checkRequest(info)
  return {
    body,
    info,
    promptBytes: texts.reduce((sum, text) => sum + utf8Length(text), 0),
    serverOnly: Object.keys(body).find((field) => !LOCAL.has(field) && !INERT.has(field) && isSet(body[field])),
    options,
  }
}

/** The request as an engine takes it. Without a limit the model may go on to the end of its context window. */
export function engineRequest({ body, info }: PreparedRequest, model: ModelInfo): EngineRequest {
  const { stop } = body
  return defined({
    messages: body.messages,
    maxTokens: info.maxTokens || model.contextWindow,
    temperature: body.temperature ?? undefined,
    topP: body.top_p ?? undefined,
    stop: typeof stop === 'string' ? [stop] : (stop ?? undefined),
    seed: body.seed ?? undefined,
    responseFormat: body.response_format,
    tools: body.tools,
    toolChoice: body.tool_choice,
    continueFinalMessage: body.continue_final_message || undefined,
    n: body.n ?? undefined,
    logprobs: body.logprobs || undefined,
  })
}

/** Forcing a target is a preference that must come true; see `Router`. */
function wish({ force, preference }: RoutingOptions): RequestInfo['preference'] | undefined {
  if (force) return force === 'browser' ? 'always' : 'never'
  return preference
}

function needsOf(body: ChatCompletionRequest): RequestNeeds {
  const hasImages = body.messages.some(
    ({ content }) => Array.isArray(content) && content.some(({ type }) => type !== 'text'),
  )
  const hasTools = Boolean(body.tools?.length) && body.tool_choice !== 'none'
  return defined({
    tools: hasTools || undefined,
    jsonSchema: (body.response_format && body.response_format.type !== 'text') || undefined,
    images: hasImages || undefined,
    logprobs: body.logprobs || undefined,
    n: body.n && body.n > 1 ? body.n : undefined,
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

/** Whether a field asks for anything: nothing, false, zero and emptiness are everybody's default. */
function isSet(value: unknown): boolean {
  if (typeof value === 'object' && value !== null) return Object.keys(value).length > 0
  return Boolean(value)
}

type Defined<T> = { [K in keyof T as undefined extends T[K] ? never : K]: T[K] } & {
  [K in keyof T as undefined extends T[K] ? K : never]?: Exclude<T[K], undefined>
}

/** A copy without the members that are undefined. */
export function defined<T extends object>(values: T): Defined<T> {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as Defined<T>
}
