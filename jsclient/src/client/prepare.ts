import { defined } from '../defined.ts'
import { InvalidRequestError } from '../errors/invalid-request-error.ts'
import { features } from '../policy/features.ts'
import { codePoints, utf8Length } from '../policy/numbers.ts'
import { checkRequest } from '../policy/request.ts'
import { isList, isObject, isText } from '../policy/validate.ts'
import type { ChatCompletionRequest, ChatMessage, OpenAIChatRequest, RequestInfo } from '../wire.ts'
import { FIELDS } from './fields.ts'
import type { ChatRequest, RoutingOptions } from './options.ts'
import { type Wishes, wishesOf } from './wishes.ts'

/** A request taken apart: what a model gets, and what a decision may know. */
export interface PreparedRequest {
  /** What the model gets: without our own fields and without `stream`. */
  readonly body: OpenAIChatRequest
  /** What the server gets besides. */
  readonly extraBody: Readonly<Record<string, unknown>>
  /** What of all this asks for anything. */
  readonly wishes: Wishes
  /** What a decision may know: counts and wishes; never text. */
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
  'handover',
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
  const wishes = wishesOf(body, defined(extraBody))
  const { needs } = wishes
  const { signal: _signal, trace: _trace, handover, force, ...routing } = options
  checkHandover(handover)
  const info = defined({
    ...routing,
    promptLength: texts.reduce((sum, text) => sum + codePoints(text), 0),
    features: routing.features ?? { ...features(texts.join('\n')), messages: body.messages.length },
    maxTokens: body.max_completion_tokens ?? body.max_tokens ?? undefined,
    privacy: routing.privacy || undefined,
    // Forcing a target is a preference that must come true; see `settle`.
    preference: force ? (force === 'browser' ? 'always' : 'never') : routing.preference,
    needs: Object.keys(needs).length > 0 ? needs : undefined,
  })
  checkRequest(info)
  const promptBytes = texts.reduce((sum, text) => sum + utf8Length(text), 0)
  return { body, extraBody: defined(extraBody), wishes, info, promptBytes, options }
}

/** Every text of a message that counts as prompt. */
function textsOf(message: ChatMessage): string[] {
  const { content } = message
  const parts =
    typeof content === 'string'
      ? [content]
      : (content ?? []).flatMap((part) => (part.type === 'text' ? [part.text] : []))
  const calls = 'tool_calls' in message ? (message.tool_calls ?? []) : []
  return [...parts, ...calls.flatMap((call) => (isCustom(call) ? [] : [call.function.arguments]))]
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

const HANDOVERS: readonly unknown[] = ['continue', 'restart', 'fail'] satisfies RoutingOptions['handover'][]

function checkHandover(handover: unknown): void {
  if (handover === undefined || HANDOVERS.includes(handover)) return
  const message = `\`handover\` must be one of ${HANDOVERS.join(', ')}.`
  throw new InvalidRequestError(message, { param: 'handover' })
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
  return isObject(call) && (isCustom(call) || (isObject(call.function) && isText(call.function.arguments)))
}

/** Of a tool that is no function. Only a server knows what it says. */
function isCustom({ type }: { readonly type?: unknown }): boolean {
  return type === 'custom'
}
