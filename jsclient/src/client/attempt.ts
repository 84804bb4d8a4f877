import type { LoadProgress } from '../engine/engine.ts'
import type { EngineManager } from '../engine/manager.ts'
import { EngineUnsupportedError } from '../errors/engine-unsupported-error.ts'
import { StreamInterruptedError } from '../errors/stream-interrupted-error.ts'
import type { ServerTransport } from '../transport/server.ts'
import type { ChatCompletion, ChatCompletionChunk, ChatFinishReason, ChatToolCall, ModelInfo } from '../wire.ts'
import { engineRequest, type PreparedRequest } from './prepare.ts'

/** What one attempt yields: any number of deltas, then one end. */
export type AttemptEvent =
  | {
      readonly type: 'delta'
      /** Text of the first choice. */
      readonly text: string
      /** The server's own chunk. */
      readonly chunk?: ChatCompletionChunk
    }
  | AttemptEnd

export interface AttemptEnd {
  readonly type: 'end'
  readonly model: string
  readonly finishReason: ChatFinishReason
  readonly usage: { promptTokens: number; completionTokens: number } | undefined
  readonly toolCalls?: ChatToolCall[]
  /** The server's own answer, when it was not streamed. */
  readonly completion?: ChatCompletion
}

export interface BrowserAttempt {
  manager(): Promise<EngineManager>
  readonly request: PreparedRequest
  readonly model: ModelInfo
  readonly signal: AbortSignal
  onProgress(progress: LoadProgress): void
}

/** Answers on the device. Throws the signal's reason or an EngineError. */
export async function* answerInBrowser(attempt: BrowserAttempt): AsyncGenerator<AttemptEvent, void, undefined> {
  const { request, model, signal, onProgress } = attempt
  if (request.serverOnly) {
    throw new EngineUnsupportedError(
      'A local model',
      request.serverOnly,
      'only servers do. Leave it out to run locally.',
    )
  }
  const manager = await attempt.manager()
  for await (const event of manager.generate(model, engineRequest(request, model), { signal, onProgress })) {
    if (event.type === 'delta') {
      if (event.text !== '') yield { type: 'delta', text: event.text }
      continue
    }
    const { finishReason, usage, toolCalls } = event
    yield { type: 'end', model: model.id, finishReason, usage, ...(toolCalls && { toolCalls }) }
  }
}

export interface ServerAttempt {
  readonly transport: ServerTransport
  readonly request: PreparedRequest
  readonly stream: boolean
  readonly signal: AbortSignal
}

/** Answers on the server. Throws the signal's reason or what the transport throws. */
export async function* answerOnServer(attempt: ServerAttempt): AsyncGenerator<AttemptEvent, void, undefined> {
  const { transport, request, signal } = attempt
  if (attempt.stream) return yield* streamFromServer(attempt)
  const completion = await transport.chat(request.body, { signal })
  const choice = completion.choices[0]
  const text = choice?.message.content
  if (text) yield { type: 'delta', text }
  yield {
    type: 'end',
    model: completion.model,
    finishReason: choice?.finish_reason ?? 'stop',
    usage: usageOf(completion.usage),
    ...(choice?.message.tool_calls && { toolCalls: choice.message.tool_calls }),
    completion,
  }
}

async function* streamFromServer({
  transport,
  request,
  signal,
}: ServerAttempt): AsyncGenerator<AttemptEvent, void, undefined> {
  const body = { ...request.body, stream_options: { ...request.body.stream_options, include_usage: true } }
  /** Chunks that only open the answer. Held back, so that another target can still begin it. */
  let opening: ChatCompletionChunk[] = []
  let model = ''
  let finishReason: ChatFinishReason | undefined
  let usage: AttemptEnd['usage']
  for await (const chunk of transport.chatStream(body, { signal })) {
    model = chunk.model || model
    usage = usageOf(chunk.usage) ?? usage
    // Usage was asked for by us; the caller's own wish is granted where the chunks are handed out.
    if (chunk.choices.length === 0) continue
    opening.push(chunk)
    if (isOpening(chunk)) continue
    for (const ready of opening) {
      const first = ready.choices.find(({ index }) => index === 0)
      finishReason = first?.finish_reason ?? finishReason
      yield { type: 'delta', text: first?.delta.content ?? '', chunk: ready }
    }
    opening = []
  }
  if (!finishReason) throw new StreamInterruptedError('', [{ target: 'server', model }])
  yield { type: 'end', model, finishReason, usage }
}

/** Whether a chunk says nothing but who speaks. */
function isOpening({ choices }: ChatCompletionChunk): boolean {
  return choices.every(
    ({ delta, finish_reason }) =>
      !finish_reason && Object.entries(delta).every(([field, value]) => field === 'role' || !value),
  )
}

function usageOf(usage: ChatCompletion['usage'] | null): AttemptEnd['usage'] {
  return usage ? { promptTokens: usage.prompt_tokens, completionTokens: usage.completion_tokens } : undefined
}
