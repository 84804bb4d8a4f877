/** Every way to ask the client, told alike: what its caller got. */
import type { HybridInferenceClient } from '../../src/client/client.ts'
import type { ChatRequest, RoutingOptions } from '../../src/client/options.ts'
import type { RoutedStream, RouteRecord, StreamEvent } from '../../src/routed.ts'
import type { ChatCompletionChunk, ChatUsage } from '../../src/wire.ts'

/** What a caller got: all of it, or what came before the error. */
export interface Got {
  /** As the caller would show it: a reset has taken back what was before it. */
  text: string
  finishReasons: string[]
  error?: unknown
  /** Absent where it is not told, or not asked for. */
  usage?: Pick<ChatUsage, 'prompt_tokens' | 'completion_tokens'> | undefined
  route?: RouteRecord
  chunks?: ChatCompletionChunk[]
  events?: StreamEvent[]
}

export interface Way {
  name: string
  /** Text is handed out as it comes. */
  streams: boolean
  /** It can say that an answer begins again. */
  restarts: boolean
  ask(client: HybridInferenceClient, request: ChatRequest, options?: RoutingOptions): Promise<Got>
}

export const WAYS: readonly Way[] = [
  {
    name: 'create, streamed',
    streams: true,
    restarts: false,
    async ask(client, request, options) {
      const chunks: ChatCompletionChunk[] = []
      const got: Got = { text: '', finishReasons: [], chunks }
      try {
        const asked = { ...request, stream: true, stream_options: { include_usage: true } } as const
        const stream = await client.chat.completions.create(asked, options)
        for await (const chunk of stream) {
          chunks.push(chunk)
          for (const { delta, finish_reason } of chunk.choices) {
            got.text += delta.content ?? ''
            if (finish_reason) got.finishReasons.push(finish_reason)
          }
          got.usage = chunk.usage ?? got.usage
        }
        return { ...got, route: await stream.route }
      } catch (error) {
        return { ...got, error }
      }
    },
  },
  {
    name: 'create, whole',
    streams: false,
    restarts: true,
    async ask(client, request, options) {
      const got: Got = { text: '', finishReasons: [] }
      try {
        const { choices, usage, route } = await client.chat.completions.create({ ...request, stream: false }, options)
        const finishReasons = choices.map(({ finish_reason }) => finish_reason)
        return { text: choices[0]?.message.content ?? '', finishReasons, usage, route }
      } catch (error) {
        return { ...got, error }
      }
    },
  },
  {
    name: 'stream()',
    streams: true,
    restarts: true,
    ask: (client, request, options) => read(client.stream(request, options)),
  },
  ...[true, false].map(
    (restarts): Way => ({
      name: `generate, streamed, ${restarts ? 'with' : 'without'} onRestart`,
      streams: true,
      restarts,
      async ask(client, { messages, ...request }, options) {
        const got: Got = { text: '', finishReasons: [] }
        const { max_tokens: maxTokens, stop } = request
        try {
          const { finishReason, tokensUsed, text, route } = await client.generate(String(messages[0]?.content), {
            ...(maxTokens && { maxTokens }),
            ...(stop && { stop }),
            ...options,
            onChunk: (piece) => {
              got.text += piece
            },
            ...(restarts && {
              onRestart: () => {
                got.text = ''
              },
            }),
          })
          if (text !== got.text) throw new Error(`handed out ${JSON.stringify(got.text)}, and answered ${text}`)
          const usage = { prompt_tokens: tokensUsed.promptTokens, completion_tokens: tokensUsed.completionTokens }
          return { ...got, finishReasons: [finishReason], usage, route }
        } catch (error) {
          return { ...got, error }
        }
      },
    }),
  ),
]

/** Reads a stream of events as its caller would. */
export async function read(stream: RoutedStream<StreamEvent>, before = ''): Promise<Got> {
  const events: StreamEvent[] = []
  const got: Got = { text: before, finishReasons: [], events }
  try {
    for await (const event of stream) {
      events.push(event)
      if (event.type === 'delta') got.text += event.text
      else if (event.type === 'reset') got.text = ''
      else if (event.type === 'done') {
        got.finishReasons.push(event.finishReason)
        const { promptTokens, completionTokens } = event.usage
        got.usage = { prompt_tokens: promptTokens, completion_tokens: completionTokens }
        got.route = event.route
        if (event.text !== got.text) throw new Error(`handed out ${JSON.stringify(got.text)}, done is ${event.text}`)
      }
    }
    return got
  } catch (error) {
    return { ...got, error }
  }
}
