import { createWatchdog } from '../engine/watchdog.ts'
import { NetworkError } from '../errors/network-error.ts'
import { NoTargetError } from '../errors/no-target-error.ts'
import { StreamInterruptedError } from '../errors/stream-interrupted-error.ts'
import type { ServerTransport } from '../transport/server.ts'
import type {
  ChatCompletion,
  ChatCompletionChunk,
  ChatCompletionChunkChoice,
  ChatCompletionRequest,
  ChatDelta,
  ChatFinishReason,
  ChatToolCall,
  RequestOrigin,
} from '../wire.ts'
import type { RoutedDecision } from './options.ts'
import type { PreparedRequest } from './prepare.ts'

/** What one attempt yields: any number of deltas, then one end. */
export type AttemptEvent =
  | {
      readonly type: 'delta'
      /** Text of the first choice. */
      readonly text: string
      /** Tokens of the text; absent = nobody counted them. */
      readonly tokens?: number
      /** The same as OpenAI's chunk, when it was streamed. */
      readonly chunk?: ChatCompletionChunk
    }
  | AttemptEnd

export interface AttemptUsage {
  readonly promptTokens: number
  readonly completionTokens: number
}

export interface AttemptEnd {
  readonly type: 'end'
  readonly model: string
  readonly finishReason: ChatFinishReason
  /** Of the whole answer. */
  readonly usage: AttemptUsage | undefined
  /** Of this attempt alone, where it went on with what others had said. */
  readonly own?: AttemptUsage
  readonly toolCalls?: ChatToolCall[]
  /** What the server said of usage in a stream, word for word. */
  readonly usageChunk?: ChatCompletionChunk
  /** The whole answer, unless the server streamed it. */
  readonly completion?: ChatCompletion
}

export interface ServerAttempt {
  readonly transport: ServerTransport
  readonly request: PreparedRequest
  readonly decision: RoutedDecision
  readonly stream: boolean
  readonly signal: AbortSignal
  /** Longest silence in a stream, ms; 0 = any. */
  readonly stallMs: number
}

/**
 * Answers on the server. Throws the signal's reason or what the transport throws. Every prompt that leaves the device
 * passes here, so this is where a local-only one is stopped, whatever was decided before.
 */
export async function* answerOnServer(attempt: ServerAttempt): AsyncGenerator<AttemptEvent, void, undefined> {
  const { transport, request, signal } = attempt
  if (request.info.privacy === 'local-only') throw new NoTargetError('local_only_unavailable')
  if (attempt.stream) return yield* streamFromServer(attempt)
  const completion = await transport.chat(bodyOf(attempt), { signal })
  const { model, choices, usage } = completion
  const { message, finish_reason = 'stop' } = choices[0] ?? {}
  if (message?.content) yield { type: 'delta', text: message.content }
  yield {
    type: 'end',
    model,
    finishReason: finish_reason,
    usage: usageOf(usage),
    ...(message?.tool_calls && { toolCalls: message.tool_calls }),
    completion,
  }
}

async function* streamFromServer(attempt: ServerAttempt): AsyncGenerator<AttemptEvent, void, undefined> {
  const { transport, request } = attempt
  const body = { ...bodyOf(attempt), stream_options: { ...request.body.stream_options, include_usage: true } }
  /** Chunks that only open the answer. Held back, so that another target can still begin it. */
  let opening: ChatCompletionChunk[] = []
  let model = ''
  let finishReason: ChatFinishReason | undefined
  let usageChunk: ChatCompletionChunk | undefined
  try {
    for await (const whole of unlessStalled((signal) => transport.chatStream(body, { signal }), attempt)) {
      model = whole.model || model
      // Usage was asked for by us; the caller's own wish is granted where the chunks are handed out.
      const { usage, ...rest } = whole
      if (usage) usageChunk = { ...whole, choices: [] }
      if (whole.choices.length === 0) continue
      const chunk: ChatCompletionChunk = { ...rest, choices: whole.choices.map(withDelta) }
      opening.push(chunk)
      if (isOpening(chunk)) continue
      for (const ready of opening) {
        const first = ready.choices.find(({ index }) => index === 0)
        finishReason = first?.finish_reason ?? finishReason
        yield { type: 'delta', text: first?.delta.content ?? '', chunk: ready }
      }
      opening = []
    }
  } catch (error) {
    attempt.signal.throwIfAborted()
    // Behind its end nothing is missing but the counts.
    if (!finishReason) throw error
  }
  if (!finishReason) throw new StreamInterruptedError('', [{ target: 'server', model }])
  yield { type: 'end', model, finishReason, usage: usageOf(usageChunk?.usage), ...(usageChunk && { usageChunk }) }
}

/** The chunks of a stream that is never silent for too long. Its reader may take their time. */
async function* unlessStalled(
  open: (signal: AbortSignal) => AsyncIterable<ChatCompletionChunk>,
  { signal, stallMs }: ServerAttempt,
): AsyncGenerator<ChatCompletionChunk, void, undefined> {
  const stalled = new AbortController()
  const dog = createWatchdog(stallMs, () => {
    const cause = new DOMException(`The server was silent for ${stallMs} ms.`, 'TimeoutError')
    stalled.abort(new NetworkError('/chat/completions', { cause }))
  })
  try {
    for await (const chunk of open(AbortSignal.any([signal, stalled.signal]))) {
      dog.pause()
      yield chunk
      dog.feed()
    }
  } finally {
    dog.stop()
  }
}

/** What the server gets. Our own members go no further. */
function bodyOf({ request, decision }: ServerAttempt): ChatCompletionRequest {
  const { body, extraBody, info } = request
  const { conversationId } = info
  return { ...extraBody, ...body, ...(conversationId && { conversationId }), edgewise: originOf(decision) }
}

/** Why the request comes to the server. Ids that the page made up mean nothing there. */
function originOf({ decidedBy, decisionId, reason, target }: RoutedDecision): RequestOrigin {
  return { ...(decidedBy === 'server' && { decisionId }), reason, ...(target === 'browser' && { fallback: true }) }
}

/** Some servers leave an empty delta out. */
function withDelta(choice: ChatCompletionChunkChoice): ChatCompletionChunkChoice {
  return (choice.delta as ChatDelta | undefined) ? choice : { ...choice, delta: {} }
}

/** Whether a chunk says nothing but who speaks. */
function isOpening({ choices }: ChatCompletionChunk): boolean {
  return choices.every(
    ({ delta, finish_reason }) =>
      !finish_reason && Object.entries(delta).every(([field, value]) => field === 'role' || !value),
  )
}

function usageOf(usage: ChatCompletionChunk['usage']): AttemptEnd['usage'] {
  return usage ? { promptTokens: usage.prompt_tokens, completionTokens: usage.completion_tokens } : undefined
}
