/**
 * Going on with an answer that broke off, at another target: whether it can be, what the target is asked, and how what it
 * says fits behind what was said. DESIGN §5 is the contract.
 */
import { defined } from '../defined.ts'
import { utf8Length } from '../policy/numbers.ts'
import type { ChatCompletion, ChatCompletionChunk, ChatMessage } from '../wire.ts'
import type { Answer } from './answer.ts'
import type { AttemptEnd, AttemptEvent } from './attempt.ts'
import { createJoin, type Join } from './join.ts'
import type { PreparedRequest } from './prepare.ts'

/** Whether anybody could go on with an answer: it is plain text so far, and the request asks for no more than that. */
export function isContinuable({ body, wishes, info }: PreparedRequest, { closed }: Answer): boolean {
  const { n = 1, logprobs } = info.needs ?? {}
  return !closed && n === 1 && !logprobs && !wishes.engine.responseFormat && !body.functions
}

/** Tokens that are left for the rest; undefined = no limit was asked for. */
export function tokensLeft({ info: { maxTokens } }: PreparedRequest, answer: Answer): number | undefined {
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
  const limit = request.body.max_completion_tokens ? 'max_completion_tokens' : 'max_tokens'
  const body = defined({
    ...request.body,
    messages: [...messages, message],
    continue_final_message: true,
    add_generation_prompt: false,
    [limit]: left,
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

/** The events of an attempt at the rest, as if the target that broke off had gone on. */
export async function* continued(
  events: AsyncIterable<AttemptEvent>,
  rest: PreparedRequest,
  answer: Answer,
): AsyncGenerator<AttemptEvent, void, undefined> {
  const join = createJoin(textOf(rest.body.messages.at(-1)), rest.wishes.engine.stop ?? [])
  const before = answer.tokens
  const { head } = answer
  let model = ''
  for await (const event of events) {
    if (event.type === 'end') {
      const held = join.end()
      if (held !== '') yield { type: 'delta', text: held }
      return yield endOf(event, join, answer, before)
    }
    const { chunk } = event
    model = chunk?.model ?? model
    const finish = chunk?.choices.find(({ finish_reason }) => finish_reason)
    let text = join.push(event.text)
    if (finish) text += join.end()
    const delta: AttemptEvent = { ...event, text, ...(chunk && { chunk: fit(chunk, text, head, join) }) }
    // What only opens an answer is no news.
    if (text !== '' || finish || join.stopped || saysMore(chunk)) yield delta
    // Nothing that comes now is wanted, the counts of it neither. A whole answer has come already.
    if (join.stopped && chunk) return yield { type: 'end', model, finishReason: 'stop', usage: undefined }
  }
}

/** The end of an answer that needs no more: it has all tokens that were asked for. */
export function* lengthReached({ head, text }: Answer, model: string): Generator<AttemptEvent> {
  const finishReason = 'length'
  if (!head) return yield { type: 'end', model, finishReason, usage: undefined }
  const choice = { index: 0, finish_reason: finishReason, logprobs: null } as const
  const chunk: ChatCompletionChunk = { ...head, object: 'chat.completion.chunk', choices: [{ ...choice, delta: {} }] }
  yield { type: 'delta', text: '', tokens: 0, chunk }
  const message = { role: 'assistant', content: text, refusal: null } as const
  const completion: ChatCompletion = { ...head, object: 'chat.completion', choices: [{ ...choice, message }] }
  yield { type: 'end', model, finishReason, usage: undefined, completion }
}

function endOf(end: AttemptEnd, join: Join, answer: Answer, before: number): AttemptEnd {
  const { usage, usageChunk, completion } = end
  const finishReason = join.stopped ? 'stop' : end.finishReason
  if (!usage) return { ...end, finishReason }
  // A target that repeats the text so far counts it as well.
  const completionTokens = usage.completionTokens + (join.echoed ? 0 : before)
  const whole = { ...usage, completionTokens }
  const counts = {
    prompt_tokens: usage.promptTokens,
    completion_tokens: completionTokens,
    total_tokens: usage.promptTokens + completionTokens,
  }
  return {
    ...end,
    finishReason,
    usage: whole,
    own: usage,
    ...(usageChunk && { usageChunk: { ...usageChunk, ...answer.head, usage: { ...usageChunk.usage, ...counts } } }),
    ...(completion && { completion: complete(completion, answer.text, finishReason, counts) }),
  }
}

/** The whole answer of one that was not streamed. */
function complete(
  completion: ChatCompletion,
  content: string,
  finish_reason: AttemptEnd['finishReason'],
  counts: ChatCompletion['usage'] & object,
): ChatCompletion {
  const choices = completion.choices.map((choice) => {
    const message = { ...choice.message, content: choice.index === 0 ? content : choice.message.content }
    return { ...choice, message, finish_reason }
  })
  return { ...completion, choices, usage: { ...completion.usage, ...counts } }
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
