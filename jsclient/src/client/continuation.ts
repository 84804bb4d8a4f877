/**
 * Going on with an answer that broke off, at another target: whether it can be, what the target is asked, and how what it
 * says fits behind what was said. DESIGN §5 is the contract.
 */
import { defined } from '../defined.ts'
import { EdgewiseError } from '../errors/edgewise-error.ts'
import { utf8Length } from '../policy/numbers.ts'
import type { ChatCompletion, ChatCompletionChunk, ChatMessage, ChatUsage } from '../wire.ts'
import type { Answer } from './answer.ts'
import type { AttemptEnd, AttemptEvent } from './attempt.ts'
import { createJoin, type Join } from './join.ts'
import type { PreparedRequest } from './prepare.ts'
import { toUsage } from './usage.ts'

/**
 * Whether anybody could go on with an answer: it is plain text so far, the request asks for no more than that, and there
 * is a token left for it. No character may be cut in two: half of it can't be sent.
 */
export function isContinuable(request: PreparedRequest, answer: Answer): boolean {
  return isPlain(request, answer) && !/[\ud800-\udbff]$/.test(answer.text) && tokensLeft(request, answer) !== 0
}

/**
 * Whether an answer lacks nothing but the word that it is whole: it has all tokens that were asked for. Where there are
 * stop texts nobody knows: an engine may have held some of it back.
 */
export function isComplete(request: PreparedRequest, answer: Answer): boolean {
  const { stop = [] } = request.wishes.engine
  return isPlain(request, answer) && stop.length === 0 && tokensLeft(request, answer) === 0
}

function isPlain({ body, wishes, info }: PreparedRequest, { closed }: Answer): boolean {
  const { n = 1, logprobs } = info.needs ?? {}
  return !closed && n === 1 && !logprobs && !wishes.engine.responseFormat && !body.functions
}

/** Tokens that are left for the rest; undefined = no limit was asked for. */
function tokensLeft({ info: { maxTokens } }: PreparedRequest, answer: Answer): number | undefined {
  if (!maxTokens) return undefined
  // An estimate may be too high, which must not end an answer.
  return Math.max(maxTokens - answer.tokens, answer.isCounted ? 0 : 1)
}

/** The request for the rest, of which there must be some. */
export function requestRest(request: PreparedRequest, answer: Answer): PreparedRequest {
  const left = tokensLeft(request, answer)
  const messages = [...request.body.messages]
  // The caller may have begun the answer itself.
  const begun = request.body.continue_final_message ? messages.pop() : undefined
  const message = withText(begun, answer.text)
  const { max_tokens: _, max_completion_tokens: named, ...asked } = request.body
  const body = defined({
    ...asked,
    messages: [...messages, message],
    continue_final_message: true,
    add_generation_prompt: false,
    [named == null ? 'max_tokens' : 'max_completion_tokens']: left,
  })
  const engine = { ...request.wishes.engine, messages: body.messages, continueFinalMessage: true }
  return {
    ...request,
    body,
    wishes: { ...request.wishes, engine },
    info: defined({ ...request.info, maxTokens: left }),
    promptBytes: request.promptBytes + utf8Length(answer.text),
  }
}

/**
 * The events of an attempt at the rest, as if the target that broke off had gone on. Throws an EchoError when the limit on
 * tokens ended a repetition instead of the answer.
 */
export async function* continued(
  events: AsyncIterable<AttemptEvent>,
  rest: PreparedRequest,
  answer: Answer,
): AsyncGenerator<AttemptEvent, void, undefined> {
  const { stop = [] } = rest.wishes.engine
  const join = createJoin({ message: textOf(rest.body.messages.at(-1)), said: answer.text, stops: stop })
  const before = answer.tokens
  const { head } = answer
  let model = ''
  for await (const event of events) {
    if (event.type === 'end') {
      if (join.echoes && event.finishReason === 'length') throw new EchoError()
      const held = join.end()
      if (held !== '') yield { type: 'delta', text: held }
      return yield endOf(event, join, answer, before)
    }
    const { chunk } = event
    model = chunk?.model ?? model
    const finish = chunk?.choices.find(({ finish_reason }) => finish_reason)
    let text = join.push(event.text)
    if (finish?.finish_reason === 'length' && join.echoes) throw new EchoError()
    if (finish) text += join.end()
    const delta: AttemptEvent = { ...event, text, ...(chunk && { chunk: fit(chunk, text, head, join) }) }
    // What only opens an answer is no news.
    if (text !== '' || finish || join.stopped || saysMore(chunk)) yield delta
    // Nothing that comes now is wanted, the counts of it neither. A whole answer has come already.
    if (join.stopped && chunk) return yield { type: 'end', model, finishReason: 'stop', usage: undefined }
  }
}

/** A target said again what was said already, and nothing more. */
export class EchoError extends EdgewiseError {
  constructor() {
    const message =
      'A continued answer began with all that was said before, which used up its tokens. Mend that server.'
    super(message, { code: 'echo' })
  }
}

/** The end of an answer that is complete. */
export function* lengthReached({ head, text }: Answer): Generator<AttemptEvent> {
  const finishReason = 'length'
  const { model = '' } = head ?? {}
  if (!head) return yield { type: 'end', model, finishReason, usage: undefined }
  const choice = { index: 0, finish_reason: finishReason, logprobs: null } as const
  const chunk: ChatCompletionChunk = { ...head, object: 'chat.completion.chunk', choices: [{ ...choice, delta: {} }] }
  yield { type: 'delta', text: '', tokens: 0, chunk }
  const message = { role: 'assistant', content: text, refusal: null } as const
  const completion: ChatCompletion = { ...head, object: 'chat.completion', choices: [{ ...choice, message }] }
  yield { type: 'end', model, finishReason, usage: undefined, completion }
}

function endOf(end: AttemptEnd, join: Join, answer: Answer, before: number): AttemptEnd {
  const { usageChunk, completion } = end
  const finishReason = join.stopped ? 'stop' : end.finishReason
  // A target that repeats the text so far counts it as well.
  const usage = end.usage && {
    ...end.usage,
    completionTokens: end.usage.completionTokens + (join.echoes ? 0 : before),
  }
  const counts = usage && toUsage(usage)
  return {
    ...end,
    finishReason,
    usage,
    ...(end.usage && { own: end.usage }),
    ...(usageChunk &&
      counts && { usageChunk: { ...usageChunk, ...answer.head, usage: { ...usageChunk.usage, ...counts } } }),
    ...(completion && { completion: wholeCompletion(completion, answer.text, finishReason, counts) }),
  }
}

/** The whole answer of one that was not streamed. */
function wholeCompletion(
  completion: ChatCompletion,
  content: string,
  finish_reason: AttemptEnd['finishReason'],
  counts: ChatUsage | undefined,
): ChatCompletion {
  const choices = completion.choices.map((choice) => {
    const message = { ...choice.message, content: choice.index === 0 ? content : choice.message.content }
    return { ...choice, message, finish_reason }
  })
  return { ...completion, choices, ...(counts && { usage: { ...completion.usage, ...counts } }) }
}

/** A chunk with its text replaced, as one of the stream that was begun: it has its id, and says no role again. */
function fit(chunk: ChatCompletionChunk, text: string, head: Answer['head'], { stopped }: Join): ChatCompletionChunk {
  const choices = chunk.choices.map((choice) => {
    if (choice.index !== 0) return choice
    const { role: _, content, ...delta } = choice.delta
    const finish_reason = stopped ? 'stop' : choice.finish_reason
    return { ...choice, delta: { ...delta, ...((text || content != null) && { content: text }) }, finish_reason }
  })
  return { ...chunk, ...head, choices }
}

function saysMore(chunk: ChatCompletionChunk | undefined): boolean {
  return Boolean(
    chunk?.choices.some(
      ({ index, delta: { role: _, content: __, ...more } }) => index > 0 || Object.values(more).some(Boolean),
    ),
  )
}

/** The assistant's message, begun or not, with more text. */
function withText(begun: ChatMessage | undefined, text: string): ChatMessage {
  if (begun?.role !== 'assistant') return { role: 'assistant', content: text }
  const { content } = begun
  return { ...begun, content: Array.isArray(content) ? [...content, { type: 'text', text }] : (content ?? '') + text }
}

function textOf(message: ChatMessage | undefined): string {
  const content = message?.content ?? ''
  if (typeof content === 'string') return content
  return content.map((part) => (part.type === 'text' ? part.text : '')).join('')
}
