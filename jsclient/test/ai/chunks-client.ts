import type { CompletingClient } from '../../src/ai/index.ts'
import type { RouteRecord } from '../../src/routed.ts'
import type { ChatCompletionChunk, ChatDelta } from '../../src/wire.ts'

/** A client that answers with these pieces, whatever it is asked: some servers cut answers as no kit does. */
export function clientOf(deltas: readonly ChatDelta[]): CompletingClient {
  async function* chunks(): AsyncGenerator<ChatCompletionChunk> {
    const head = { id: 'chat-1', object: 'chat.completion.chunk', created: 1, model: 'm' } as const
    for (const delta of deltas) yield { ...head, choices: [{ index: 0, delta, finish_reason: null }] }
    yield { ...head, choices: [{ index: 0, delta: {}, finish_reason: 'tool_calls' }] }
  }
  const create = async () => ({ [Symbol.asyncIterator]: chunks, route: Promise.resolve({} as RouteRecord) })
  return { chat: { completions: { create } } } as unknown as CompletingClient
}
