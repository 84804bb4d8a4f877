/** The events of a client's stream as the chunks of a UI message. */
import type { UIMessageChunk } from 'ai'
import type { ChatToolCall } from '../chat.ts'
import { isAbortError } from '../errors/abort.ts'
import type { RoutedStream, StreamEvent } from '../routed.ts'
import { unified } from './result.ts'
import type { EdgewiseDataParts, EdgewiseMetadata } from './ui-types.ts'

/** A chunk of a UI message. */
export type EdgewiseChunk = UIMessageChunk<EdgewiseMetadata, EdgewiseDataParts>

/** Options of `uiChunks`. */
export interface UIChunksOptions {
  readonly signal: AbortSignal
  /** What the UI shows of an error. */
  readonly errorText: (error: unknown) => string
  /** Called when it begins, for chunks of another source. What it returns is called when there is text, and at the end. */
  readonly watch: () => () => void
}

/** One step of a message. Never throws: failures and aborts are chunks. */
export async function* uiChunks(
  events: RoutedStream<StreamEvent>,
  { signal, errorText, watch }: UIChunksOptions,
): AsyncGenerator<EdgewiseChunk, void, undefined> {
  let texts = 0
  /** Of the text that is open. */
  let id: string | undefined
  let end: EdgewiseChunk[] = []
  yield { type: 'start' }
  yield { type: 'start-step' }
  const unwatch = watch()
  try {
    for await (const event of events) {
      if (event.type === 'delta') {
        unwatch()
        if (id === undefined) {
          id = `text-${++texts}`
          yield { type: 'text-start', id }
        }
        yield { type: 'text-delta', id, delta: event.text }
      } else if (event.type === 'reset') {
        id = undefined
        yield { type: 'reset-step' }
      } else if (event.type === 'done') end = endOf(event)
    }
  } catch (error) {
    const isAbort = signal.aborted || isAbortError(error)
    end = [isAbort ? { type: 'abort', reason: messageOf(error) } : { type: 'error', errorText: errorText(error) }]
  } finally {
    unwatch()
  }
  if (id !== undefined) yield { type: 'text-end', id }
  yield* end
}

function endOf(done: Extract<StreamEvent, { type: 'done' }>): EdgewiseChunk[] {
  const { toolCalls = [], route, finishReason } = done
  return [
    ...toolCalls.map(callChunk),
    { type: 'data-edgewise-route', id: route.decisionId, data: route },
    { type: 'finish-step' },
    { type: 'finish', finishReason: unified(finishReason), messageMetadata: { edgewise: route } },
  ]
}

/** What is no JSON is shown as a failed call, and goes back to the model as such. */
function callChunk({ id: toolCallId, function: { name: toolName, arguments: text } }: ChatToolCall): EdgewiseChunk {
  try {
    return { type: 'tool-input-available', toolCallId, toolName, input: JSON.parse(text || '{}') }
  } catch {
    const errorText = 'The input of this call is no JSON.'
    return { type: 'tool-input-error', toolCallId, toolName, input: text, errorText }
  }
}

export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
