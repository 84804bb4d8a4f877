/** Turns the chunks of an answer into its events: text, tool calls, stops, counts. */
import type { EngineEvent } from '../../engine/engine.ts'
import { createStopFinder } from '../../engine/stop.ts'
import { EngineError } from '../../errors/engine-error.ts'
import type { ChatToolCall } from '../../wire.ts'
import type { ChatChunk, Timings, ToolCallPiece } from './peer.ts'

export interface Answer {
  read(chunk: ChatChunk): void
  /** A token has come. */
  readonly begun: boolean
  /** A stop text was found: nothing more is wanted. */
  readonly stopped: boolean
  /** Emits what was held back and the `done`. */
  finish(): void
}

export function createAnswer(stop: readonly string[], emit: (event: EngineEvent) => void): Answer {
  // llama.cpp finds stop texts too, but then nobody knows whether the last token that it counts is an end token.
  const stops = createStopFinder(stop)
  const calls: ChatToolCall[] = []
  let timings: Timings = { cache_n: 0, prompt_n: 0, predicted_n: 0 }
  let reported = 0
  let finishReason: ChatChunk['choices'][number]['finish_reason'] = null

  /** A delta may have no text yet: of half a character, or of a tool call. */
  const send = (text: string, generated: number) => {
    const tokens = Math.max(0, generated - reported)
    if (text === '' && tokens === 0) return
    reported += tokens
    emit({ type: 'delta', text, tokens })
  }

  return {
    get begun() {
      return reported > 0
    },
    get stopped() {
      return stops.stopped
    },

    read({ choices, timings: latest = timings }) {
      if (stops.stopped) return
      timings = latest
      const [choice] = choices
      finishReason = choice?.finish_reason ?? finishReason
      for (const piece of choice?.delta.tool_calls ?? []) addPiece(calls, piece)
      const text = stops.push(choice?.delta.content ?? '')
      // The end token is in the last chunk's count, and no part of the answer.
      const endTokens = finishReason === null || finishReason === 'length' ? 0 : 1
      send(text, timings.predicted_n - endTokens)
    },

    finish() {
      if (finishReason === null && !stops.stopped) {
        throw new EngineError('the stream ended without a finish', { stage: 'generate', code: 'interrupted' })
      }
      send(stops.flush(), reported)
      const { cache_n: cachedTokens, prompt_n: read } = timings
      const usage = { promptTokens: cachedTokens + read, completionTokens: reported, cachedTokens }
      if (finishReason === 'tool_calls' && !stops.stopped) {
        emit({ type: 'done', finishReason, usage, toolCalls: calls })
      } else {
        emit({ type: 'done', finishReason: finishReason === 'length' ? 'length' : 'stop', usage })
      }
    },
  }
}

/** The first piece of a call names it, the others go on with its arguments. */
function addPiece(calls: ChatToolCall[], { index, id, function: part = {} }: ToolCallPiece): void {
  const { name = '', arguments: text = '' } = part
  const call = calls[index]
  if (call) call.function.arguments += text
  else calls[index] = { id: id ?? `call_${index}`, type: 'function', function: { name, arguments: text } }
}
