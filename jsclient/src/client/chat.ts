import type { ChatCompletion, ChatCompletionChunk, ChatCompletionChunkChoice, ChatDelta, ChatUsage } from '../wire.ts'
import type { ExecutionEvent } from './execute.ts'
import type { ChatRequest, RoutingOptions } from './options.ts'
import type { RouteRecord } from './record.ts'
import type { RoutedStream } from './stream.ts'

/** A chat completion, and how it came about. */
export interface RoutedChatCompletion extends ChatCompletion {
  route: RouteRecord
}

/** A streamed chat completion: OpenAI's chunks, and the promise of the route record. */
export type ChatCompletionStream = RoutedStream<ChatCompletionChunk>

/** `client.chat.completions`, in OpenAI's shape. */
export interface ChatCompletions {
  /**
   * Answers a chat. With `stream: true` the promise resolves when it is decided who answers; nothing is sent or loaded
   * before the first chunk is asked for. Before the first chunk a failure is handed over silently, where the decision
   * permits that; after it the iteration throws StreamInterruptedError, and nothing is said twice.
   */
  create(request: ChatRequest & { stream: true }, options?: RoutingOptions): Promise<ChatCompletionStream>
  create(request: ChatRequest & { stream?: false | null }, options?: RoutingOptions): Promise<RoutedChatCompletion>
  create(request: ChatRequest, options?: RoutingOptions): Promise<ChatCompletionStream | RoutedChatCompletion>
}

/** Waits for the whole answer. */
export async function toCompletion(events: AsyncIterable<ExecutionEvent>): Promise<RoutedChatCompletion> {
  for await (const event of events) {
    if (event.type !== 'done') continue
    const { route, completion, text, finishReason, toolCalls } = event
    if (completion) return { ...completion, route }
    return {
      ...newHead(route.model),
      object: 'chat.completion',
      choices: [
        {
          index: 0,
          message: {
            role: 'assistant',
            content: toolCalls && text === '' ? null : text,
            refusal: null,
            ...(toolCalls && { tool_calls: toolCalls }),
          },
          finish_reason: finishReason,
          logprobs: null,
        },
      ],
      usage: usageOf(route),
      route,
    }
  }
  throw new Error('unreachable: an execution ends with done, or throws')
}

/** OpenAI's chunks: the server's own as they are, and the same form for what a local model says. */
export async function* toChunks(
  events: AsyncIterable<ExecutionEvent>,
  options: { model: string; includeUsage: boolean },
): AsyncGenerator<ChatCompletionChunk, void, undefined> {
  const head = newHead(options.model)
  let opened = false
  let last: ChatCompletionChunk | undefined
  const chunk = (choices: ChatCompletionChunkChoice[]): ChatCompletionChunk => ({
    ...head,
    object: 'chat.completion.chunk',
    choices,
  })
  const local = (delta: ChatDelta): ChatCompletionChunk => {
    const first: ChatDelta = opened ? delta : { role: 'assistant', ...delta }
    opened = true
    return chunk([{ index: 0, delta: first, finish_reason: null, logprobs: null }])
  }
  for await (const event of events) {
    if (event.type === 'delta') {
      if (event.chunk) last = event.chunk
      yield event.chunk ?? local({ content: event.text })
    } else if (event.type === 'done') {
      const { toolCalls, finishReason, route } = event
      if (!last) {
        if (toolCalls) yield local({ tool_calls: toolCalls.map((call, index) => ({ index, ...call })) })
        else if (!opened) yield local({ content: '' })
        yield chunk([{ index: 0, delta: {}, finish_reason: finishReason, logprobs: null }])
      }
      // An estimate is for the route record; here it would pass for a count.
      if (options.includeUsage && event.usage) {
        const { id, created, model } = last ?? head
        yield { id, created, model, object: 'chat.completion.chunk', choices: [], usage: usageOf(route) }
      }
    }
  }
}

function usageOf({ promptTokens, completionTokens }: RouteRecord): ChatUsage {
  return {
    prompt_tokens: promptTokens,
    completion_tokens: completionTokens,
    total_tokens: promptTokens + completionTokens,
  }
}

/** What all chunks of one local answer have in common. The id only has to differ from the others of the page. */
function newHead(model: string): { id: string; created: number; model: string } {
  const id = `chatcmpl-local-${Math.random().toString(36).slice(2, 14)}`
  return { id, created: Math.floor(Date.now() / 1000), model }
}
