/** One generation: reads WebLLM's stream to its end, at the caller's pace or without one, and makes events of it. */
import type { EngineEvent, EngineRequest } from '../../engine/engine.ts'
import type { Inbox } from '../../engine/inbox.ts'
import { createInbox } from '../../engine/inbox.ts'
import { createLead } from '../../engine/lead.ts'
import { createStopFinder } from '../../engine/stop.ts'
import type { Watchdog } from '../../engine/watchdog.ts'
import { EngineError } from '../../errors/engine-error.ts'
import type { ChatToolCall } from '../../wire.ts'
import type { ChatChunk, ChatRequest, MLCEngine, ToolCallChunk } from './peer.ts'

export interface Run {
  readonly events: Inbox<EngineEvent>
  /** Resolves when the engine is idle again; rejects with what it threw. */
  readonly drained: Promise<void>
  /** The caller is done with that many more tokens. */
  seen(tokens: number): void
  /** Stops the engine; what it still says is read and dropped. */
  interrupt(): void
}

/** The watchdog is fed at every sign of life, and rests while the engine waits for the caller. */
export function startRun(
  engine: MLCEngine,
  chat: ChatRequest,
  request: EngineRequest,
  dog: Pick<Watchdog, 'feed' | 'pause'>,
): Run {
  const events = createInbox<EngineEvent>()
  // WebLLM hands out the beginning of a stop text that spans tokens before it knows; this doesn't.
  const stops = createStopFinder(request.stop ?? [])
  const calls: ToolCallChunk[] = []
  let reported = 0
  const stopping = new AbortController()
  const lead = createLead(stopping.signal)
  let finish: ChatChunk['choices'][number]['finish_reason'] = null
  let usage: ChatChunk['usage']

  const interrupt = () => {
    stopping.abort()
    engine.interruptGenerate()
  }

  const read = (chunk: ChatChunk) => {
    usage = chunk.usage ?? usage
    const choice = chunk.choices[0]
    if (!choice) return
    finish = choice.finish_reason ?? finish
    calls.push(...(choice.delta.tool_calls ?? []))
    // With tools the text is the calls' JSON, which comes again as calls.
    if (stopping.signal.aborted || chat.tools || !choice.delta.content) return
    reported++
    lead.grow(1)
    const text = stops.push(choice.delta.content)
    events.push({ type: 'delta', text, tokens: 1 })
    if (stops.stopped) interrupt()
  }

  const complete = () => {
    if (stopping.signal.aborted && !stops.stopped) return events.end()
    if (finish === 'abort' && !stops.stopped) {
      throw new EngineError('WebLLM was interrupted by somebody else', { stage: 'generate', code: 'interrupted' })
    }
    if (finish === null || !usage) {
      throw new EngineError('the stream ended without a finish or a usage', { stage: 'generate', code: 'interrupted' })
    }
    // It counts the token that ends an answer.
    const endToken = finish === 'stop' || finish === 'tool_calls' ? 1 : 0
    const counted = usage.completion_tokens - (stops.stopped ? 0 : endToken)
    const completionTokens = stops.stopped ? reported : Math.max(counted, reported)
    const rest = stops.flush()
    if (rest !== '' || completionTokens > reported) {
      events.push({ type: 'delta', text: rest, tokens: completionTokens - reported })
    }
    const done = { type: 'done', usage: { promptTokens: usage.prompt_tokens, completionTokens } } as const
    if (finish === 'tool_calls' && calls.length > 0) {
      events.push({ ...done, finishReason: 'tool_calls', toolCalls: calls.map(toToolCall) })
    } else {
      events.push({ ...done, finishReason: finish === 'length' && !stops.stopped ? 'length' : 'stop' })
    }
    events.end()
  }

  const drain = async () => {
    const stream = await engine.chat.completions.create(chat)
    // Never left early: a stream that is not read to its end blocks every later request of older versions.
    for await (const chunk of stream) {
      dog.feed()
      read(chunk)
      // An interruption that arrives before the stream starts is forgotten by WebLLM: say it until it is heard.
      if (stopping.signal.aborted && finish === null) engine.interruptGenerate()
      // It makes a token a pull.
      dog.pause()
      await lead.gone()
      dog.feed()
    }
    complete()
  }
  return { events, drained: drain(), seen: lead.shrink, interrupt }
}

function toToolCall(call: ToolCallChunk, index: number): ChatToolCall {
  return {
    id: call.id ?? `call_${index}`,
    type: 'function',
    function: { name: call.function?.name ?? '', arguments: call.function?.arguments ?? '' },
  }
}
