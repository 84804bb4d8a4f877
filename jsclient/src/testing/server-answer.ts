/** Answers of a fake server: OpenAI's chat completions, and the simple form. */
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
  model: string
  finishReason: ChatFinishReason
  usage: ChatUsage
}

/** A script, as far as the request lets it be said. */
export function answerTo({ messages, model, ...request }: ChatCompletionRequest, script: Script): ServerAnswer {
  const most = request.max_completion_tokens ?? request.max_tokens ?? Infinity
  const tokens = script.tokens.slice(0, most)
  const [prompt, completion] = [script.promptTokens ?? promptOf(messages).length, tokens.length]
  const isCut = completion < script.tokens.length
  const finishReason = isCut ? 'length' : script.toolCalls ? 'tool_calls' : 'stop'
  return {
    finishReason,
    ...script,
    tokens,
    model: !model || model === 'auto' ? 'server-model' : model,
    usage: { prompt_tokens: prompt, completion_tokens: completion, total_tokens: prompt + completion },
  }
}

/** The request of the simple form, as a chat. */
export function chatOf({ prompt, maxTokens, temperature, model }: GenerateRequest): ChatCompletionRequest {
  return {
    messages: [{ role: 'user', content: prompt }],
    ...(maxTokens !== undefined && { max_tokens: maxTokens }),
    ...(temperature !== undefined && { temperature }),
    ...(model !== undefined && { model }),
  }
}

export function completionOf({ tokens, toolCalls, finishReason, model, usage }: ServerAnswer): ChatCompletion {
  const content = toolCalls && tokens.length === 0 ? null : tokens.join('')
  const message = { role: 'assistant', content, refusal: null, ...(toolCalls && { tool_calls: toolCalls }) } as const
  const choices = [{ index: 0, message, finish_reason: finishReason, logprobs: null }]
  return { ...HEAD, model, object: 'chat.completion', choices, usage }
}

export function simpleOf({ tokens, finishReason, model, usage }: ServerAnswer): GenerateResponse {
  const { prompt_tokens: promptTokens, completion_tokens: completionTokens, total_tokens: totalTokens } = usage
  const tokensUsed = { promptTokens, completionTokens, totalTokens }
  return { text: tokens.join(''), tokensUsed, finishReason, latency: 0, source: 'server', model }
}

/** The events of a stream; `pieces` gives the tokens when it is time. */
export async function* chunksOf(
  { toolCalls, finishReason, model, usage }: ServerAnswer,
  pieces: AsyncIterable<string>,
  includeUsage: boolean,
): AsyncGenerator<ChatCompletionChunk, void, undefined> {
  const head = { ...HEAD, model, object: 'chat.completion.chunk' } as const
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

/** Server-sent events, each as soon as it is there. The signal breaks the stream. */
export function eventStream(events: AsyncIterable<object | string>, signal: AbortSignal): Response {
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
      controller.enqueue(encoder.encode(`data: ${typeof value === 'string' ? value : JSON.stringify(value)}\n\n`))
    },
    cancel: () => void iterator.return?.(),
  })
  return new Response(body, { headers: { 'content-type': 'text/event-stream' } })
}
