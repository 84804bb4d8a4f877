import { toByteStream } from '../byte-stream.ts'
import type { RoutedStream, RouteRecord } from '../routed.ts'
import type { ChatCompletion, ChatCompletionChunk } from '../wire.ts'
import { type ExecutionEvent, finish } from './execute.ts'
import type { ChatRequest, RoutingOptions } from './options.ts'
import { toUsage } from './usage.ts'

/** A chat completion, and how it came about. */
export interface RoutedChatCompletion extends ChatCompletion {
  route: RouteRecord
}

/** A streamed chat completion: OpenAI's chunks, and the promise of the route record. */
export interface ChatCompletionStream extends RoutedStream<ChatCompletionChunk> {
  /**
   * The chunks as lines of JSON, instead of iterating: what `ChatCompletionStream.fromReadableStream` of the `openai`
   * package reads, and a response may carry. Cancelling it stops the work at once.
   */
  toReadableStream(): ReadableStream<Uint8Array>
}

/** `client.chat.completions`, in OpenAI's shape. */
export interface ChatCompletions {
  /**
   * Answers a chat. With `stream: true` the promise resolves when it is decided who answers; nothing is sent or loaded
   * before the first chunk is asked for. Before the first chunk a failure is handed over silently, where the decision
   * permits that; after it the other target goes on, if it can (`RoutingOptions.handover`), and otherwise the iteration
   * throws StreamInterruptedError. Nothing is said twice.
   */
  create(request: ChatRequest & { stream: true }, options?: RoutingOptions): Promise<ChatCompletionStream>
  create(request: ChatRequest & { stream?: false | null }, options?: RoutingOptions): Promise<RoutedChatCompletion>
  create(request: ChatRequest, options?: RoutingOptions): Promise<ChatCompletionStream | RoutedChatCompletion>
}

/** Waits for the whole answer. */
export async function toCompletion(events: AsyncIterable<ExecutionEvent>): Promise<RoutedChatCompletion> {
  const { completion, route } = await finish(events)
  // Only a streamed answer comes without, and this one was not to be streamed.
  if (!completion) throw new Error('unreachable: no completion')
  return { ...completion, route }
}

/** The stream with its other form. */
export function readable(stream: RoutedStream<ChatCompletionChunk>): ChatCompletionStream {
  const toReadableStream = (): ReadableStream<Uint8Array> =>
    toByteStream(stream[Symbol.asyncIterator](), { write: (chunk) => `${JSON.stringify(chunk)}\n` })
  return { ...stream, toReadableStream }
}

/** OpenAI's chunks, as whoever answers gave them. There is no usage to tell of an answer that nobody counted whole. */
export async function* toChunks(
  events: AsyncIterable<ExecutionEvent>,
  options: { includeUsage: boolean },
): AsyncGenerator<ChatCompletionChunk, void, undefined> {
  let last: ChatCompletionChunk | undefined
  for await (const event of events) {
    if (event.type === 'delta' && event.chunk) {
      last = event.chunk
      yield last
    }
    if (event.type !== 'done' || !options.includeUsage) continue
    const { usageChunk, route } = event
    if (usageChunk) yield usageChunk
    // An estimate is for the route record; here it would pass for a count.
    else if (route.source === 'browser' && last && event.usage) {
      const { id, created, model, object } = last
      const usage = toUsage(event.usage)
      yield { id, created, model, object, choices: [], usage }
    }
  }
}
