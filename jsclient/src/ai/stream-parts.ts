/** A streamed completion as the parts of the AI SDK's stream. */
import type { LanguageModelV4StreamPart, SharedV4Warning } from '@ai-sdk/provider'
import type { ChatFinishReason, ChatToolCall, ChatToolCallDelta, ChatUsage } from '../chat.ts'
import type { ChatCompletionStream } from '../client/chat.ts'
import { isStreamInterruptedError } from '../errors/stream-interrupted-error.ts'
import { callOf, finishReasonOf, metadataOf, responseOf, usageOf } from './result.ts'

type Part = LanguageModelV4StreamPart

/** Options of `streamParts`. */
export interface StreamPartsOptions {
  readonly warnings: SharedV4Warning[]
  /** The chunks themselves are parts too. */
  readonly raw: boolean | undefined
  readonly signal: AbortSignal
}

/** A failure is a part, and then comes the end. An abort throws the signal's reason. */
export async function* streamParts(
  stream: ChatCompletionStream,
  { warnings, raw, signal }: StreamPartsOptions,
): AsyncGenerator<Part, void, undefined> {
  const calls = new Map<number, ChatToolCall>()
  let id: string | undefined
  let hasText = false
  let reason: ChatFinishReason | undefined
  let counts: ChatUsage | undefined
  let failure: { error: unknown } | undefined
  yield { type: 'stream-start', warnings }
  try {
    for await (const chunk of stream) {
      if (raw) yield { type: 'raw', rawValue: chunk }
      if (id === undefined) yield { type: 'response-metadata', ...responseOf(chunk) }
      id ??= chunk.id
      counts = chunk.usage ?? counts
      const { delta, finish_reason } = chunk.choices[0] ?? {}
      const text = delta?.content || delta?.refusal
      if (text) {
        if (!hasText) yield { type: 'text-start', id: TEXT }
        hasText = true
        yield { type: 'text-delta', id: TEXT, delta: text }
      }
      for (const call of delta?.tool_calls ?? []) yield* inputOf(call, calls, id)
      reason = finish_reason ?? reason
    }
  } catch (error) {
    signal.throwIfAborted()
    failure = { error }
  }
  const usage = usageOf(counts)
  if (hasText) yield { type: 'text-end', id: TEXT }
  if (failure) {
    yield { type: 'error', ...failure }
    const unified = isStreamInterruptedError(failure.error) ? 'interrupted' : 'error'
    yield { type: 'finish', usage, finishReason: { unified, raw: undefined } }
    return
  }
  for (const call of calls.values()) {
    yield { type: 'tool-input-end', id: call.id }
    yield callOf(call)
  }
  yield {
    type: 'finish',
    usage,
    finishReason: finishReasonOf(reason),
    providerMetadata: metadataOf(await stream.route),
  }
}

/** An answer has one text. */
const TEXT = 'text'

/** Adds a piece of a call to what came before. Where the server gives a call no id it gets one. */
function* inputOf(
  { index, id, function: asked }: ChatToolCallDelta,
  calls: Map<number, ChatToolCall>,
  answer: string,
): Generator<Part, void, undefined> {
  let call = calls.get(index)
  if (!call) {
    call = { id: id ?? `${answer}-${index}`, type: 'function', function: { name: asked?.name ?? '', arguments: '' } }
    calls.set(index, call)
    yield { type: 'tool-input-start', id: call.id, toolName: call.function.name }
  }
  const delta = asked?.arguments
  if (!delta) return
  call.function.arguments += delta
  yield { type: 'tool-input-delta', id: call.id, delta }
}
