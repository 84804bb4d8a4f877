/** One answer: reads WebLLM's stream to its end, at the caller's pace, and makes events of it. */

import { onAbort } from '../../engine/abort.ts'
import type { HostGenerateOptions } from '../../engine/expose.ts'
import { createStopFinder } from '../../engine/stop.ts'
import { EngineError } from '../../errors/engine-error.ts'
import type { ChatToolCall } from '../../wire.ts'
import type { ChatChunk, ChatRequest, MLCEngine, ToolCallChunk } from './peer.ts'

/** Emits the deltas and the `done`. */
export async function streamAnswer(
  engine: MLCEngine,
  chat: ChatRequest,
  stop: readonly string[],
  { signal, emit, caughtUp }: HostGenerateOptions,
): Promise<void> {
  // WebLLM hands out the beginning of a stop text that spans tokens before it knows; this doesn't.
  const stops = createStopFinder(stop)
  const calls: ToolCallChunk[] = []
  /** With tools, what was written: the calls' JSON, which comes again as calls, unless it ends too early. */
  let unsaid = ''
  let reported = 0
  let finish: ChatChunk['choices'][number]['finish_reason'] = null
  let usage: ChatChunk['usage']
  const isDone = () => signal.aborted || stops.stopped

  const unlisten = onAbort(signal, () => engine.interruptGenerate())
  try {
    // Read to its end even when nobody wants it any more: the engine is idle only then.
    for await (const chunk of await engine.chat.completions.create(chat)) {
      usage = chunk.usage ?? usage
      const choice = chunk.choices[0]
      if (!choice) continue
      finish = choice.finish_reason ?? finish
      calls.push(...(choice.delta.tool_calls ?? []))
      const { content } = choice.delta
      if (content && !isDone()) {
        reported++
        const text = stops.push(content)
        if (chat.tools) unsaid += text
        emit({ type: 'delta', text: chat.tools ? '' : text, tokens: 1 })
      }
      // An interruption before the stream has started is forgotten: say it until it is heard.
      if (isDone() && finish === null) engine.interruptGenerate()
      await caughtUp()
    }
  } finally {
    unlisten()
  }
  signal.throwIfAborted()
  if (!finish || !usage || (finish === 'abort' && !stops.stopped)) {
    throw new EngineError('WebLLM ended the answer before its end', { stage: 'generate', code: 'interrupted' })
  }

  // It counts the token that ends an answer.
  const endToken = finish === 'stop' || finish === 'tool_calls' ? 1 : 0
  // Some tokens give no text of their own: parts of a character, for example.
  const completionTokens = Math.max(usage.completion_tokens - endToken, reported)
  const called = finish === 'tool_calls' && calls.length > 0 && !stops.stopped
  const rest = called ? '' : unsaid + stops.flush()
  if (rest !== '' || completionTokens > reported) {
    emit({ type: 'delta', text: rest, tokens: completionTokens - reported })
  }
  const counts = { promptTokens: usage.prompt_tokens, completionTokens }
  if (called) {
    emit({ type: 'done', finishReason: 'tool_calls', usage: counts, toolCalls: calls.map(toToolCall) })
  } else {
    emit({ type: 'done', finishReason: finish === 'length' && !stops.stopped ? 'length' : 'stop', usage: counts })
  }
}

/** WebLLM gives streamed calls no id. */
function toToolCall({ function: call }: ToolCallChunk): ChatToolCall {
  return {
    id: `call_${crypto.randomUUID()}`,
    type: 'function',
    function: { name: call?.name ?? '', arguments: call?.arguments ?? '' },
  }
}
