/** Answers of a fake server: OpenAI's chat completions, and the simple form. */

import { createStopFinder } from '../engine/stop.ts'
import type {
  ChatCompletion,
  ChatCompletionChunk,
  ChatCompletionRequest,
  ChatDelta,
  ChatFinishReason,
  ChatUsage,
  GenerateRequest,
  GenerateResponse,
} from '../wire.ts'
import { promptOf, type Script } from './answer.ts'

const HEAD = { id: 'chatcmpl-fake', created: 1_700_000_000 }

/** What is answered, in either form. */
export interface ServerAnswer extends Omit<Script, 'finishReason'> {
  /** What each shows: "" while it might be the beginning of a stop text. */
  tokens: readonly string[]
  /** What was still held back at the end. */
  held: string
  model: string
  finishReason: ChatFinishReason
  usage: ChatUsage
}

/** A script, as far as the request lets it be said. */
export function answerTo({ messages, ...request }: ChatCompletionRequest, script: Script, model: string): ServerAnswer {
  const continues = request.continue_final_message === true
  const most = request.max_completion_tokens ?? request.max_tokens ?? Infinity
  const stops = createStopFinder([request.stop ?? []].flat())
  const tokens: string[] = []
  for (const token of script.tokens.slice(0, most)) {
    tokens.push(stops.push(token))
    if (stops.stopped) break
  }
  const [prompt, completion] = [script.promptTokens ?? promptOf(messages, continues).length, tokens.length]
  const isCut = completion < script.tokens.length && !stops.stopped
  const finishReason = isCut ? 'length' : script.toolCalls && !stops.stopped ? 'tool_calls' : 'stop'
  return {
    finishReason,
    ...script,
    tokens,
    held: stops.flush(),
    model,
    usage: { prompt_tokens: prompt, completion_tokens: completion, total_tokens: prompt + completion },
  }
}

/** The request of the simple form, as a chat. */
export function chatOf({ prompt, maxTokens, temperature, model, privacy }: GenerateRequest): ChatCompletionRequest {
  return {
    messages: [{ role: 'user', content: prompt }],
    ...(maxTokens && { max_tokens: maxTokens }),
    ...(temperature != null && { temperature }),
    ...(model && { model }),
    ...(privacy && { privacy }),
  }
}

export function completionOf(answer: ServerAnswer): ChatCompletion {
  const { tokens, toolCalls, finishReason, model, usage } = answer
  const content = toolCalls && tokens.length === 0 ? null : textOf(answer)
  const message = { role: 'assistant', content, refusal: null, ...(toolCalls && { tool_calls: toolCalls }) } as const
  const choices = [{ index: 0, message, finish_reason: finishReason, logprobs: null }]
  return { ...HEAD, model, object: 'chat.completion', choices, usage }
}

export function simpleOf(answer: ServerAnswer): GenerateResponse {
  const { finishReason, model, usage } = answer
  const { prompt_tokens: promptTokens, completion_tokens: completionTokens, total_tokens: totalTokens } = usage
  const tokensUsed = { promptTokens, completionTokens, totalTokens }
  return { text: textOf(answer), tokensUsed, finishReason, latency: 0, source: 'server', model }
}

function textOf({ tokens, held }: ServerAnswer): string {
  return tokens.join('') + held
}

/** The events of a stream; `pieces` gives the tokens when it is time. */
export async function* chunksOf(
  { toolCalls, finishReason, model, usage }: ServerAnswer,
  pieces: AsyncIterable<string>,
  includeUsage: boolean,
): AsyncGenerator<ChatCompletionChunk, void, undefined> {
  const head = { ...HEAD, model, object: 'chat.completion.chunk', ...(includeUsage && { usage: null }) } as const
  const chunk = (delta: ChatDelta, finish_reason: ChatFinishReason | null = null): ChatCompletionChunk => ({
    ...head,
    choices: [{ index: 0, delta, finish_reason, logprobs: null }],
  })
  yield chunk({ role: 'assistant', content: '' })
  for await (const content of pieces) yield chunk({ content })
  if (toolCalls) yield chunk({ tool_calls: toolCalls.map((call, index) => ({ index, ...call })) })
  yield chunk({}, finishReason)
  if (includeUsage) yield { ...head, choices: [], usage }
}

/** The events of a simple stream. */
export async function* simpleEvents(answer: ServerAnswer, pieces: AsyncIterable<string>): AsyncGenerator<object> {
  for await (const delta of pieces) yield { delta }
  yield { done: true, ...simpleOf(answer) }
}

/** Server-sent events of these data, each as soon as it is there. The signal breaks the stream. */
export function eventStream(events: AsyncIterable<string>, signal: AbortSignal): Response {
  const encoder = new TextEncoder()
  const iterator = events[Symbol.asyncIterator]()
  const body = new ReadableStream<Uint8Array>({
    start(controller) {
      signal.addEventListener('abort', () => controller.error(signal.reason), { once: true })
    },
    async pull(controller) {
      const { done, value } = await iterator.next()
      if (signal.aborted) return
      if (done) return controller.close()
      controller.enqueue(encoder.encode(`data: ${value}\n\n`))
    },
    cancel: () => void iterator.return?.(),
  })
  return new Response(body, { headers: { 'content-type': 'text/event-stream' } })
}
