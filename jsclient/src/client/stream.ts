import type { ChatFinishReason, ChatToolCall, Target } from '../wire.ts'
import type { ExecutionEvent } from './execute.ts'
import type { RouteRecord } from './record.ts'

/** An event of `client.stream()`. */
export type StreamEvent =
  | { readonly type: 'delta'; readonly text: string; readonly source: Target }
  | {
      /** The answer begins at another target; before any text nobody need notice. */
      readonly type: 'handover'
      readonly from: Target
      readonly to: Target
      /** Why the first one gave up. */
      readonly error: unknown
    }
  | {
      /** Drop all text so far: the answer begins again. */
      readonly type: 'reset'
    }
  | {
      readonly type: 'done'
      /** The whole answer. */
      readonly text: string
      readonly finishReason: ChatFinishReason
      /** Absent when no tool was called. */
      readonly toolCalls?: ChatToolCall[]
      readonly usage: { readonly promptTokens: number; readonly completionTokens: number }
      readonly route: RouteRecord
    }

/** An answer as it comes, to be iterated once. Leaving it, also while a piece is awaited, stops the work at once. */
export interface RoutedStream<T> extends AsyncIterable<T> {
  /**
   * How the answer came about. Resolves when the answer is complete, rejects with what the iteration throws, and with
   * an AbortError when the loop is left early. Stays pending unless the stream is iterated. Need not be awaited.
   */
  readonly route: Promise<RouteRecord>
}

/** The executor's events without the raw chunks. */
export async function* toStreamEvents(
  events: AsyncIterable<ExecutionEvent>,
): AsyncGenerator<StreamEvent, void, undefined> {
  for await (const event of events) {
    if (event.type === 'delta') {
      if (event.text !== '') yield { type: 'delta', text: event.text, source: event.source }
    } else if (event.type === 'done') {
      const { text, finishReason, toolCalls, route } = event
      const { promptTokens, completionTokens } = route
      const usage = { promptTokens, completionTokens }
      yield { type: 'done', text, finishReason, ...(toolCalls && { toolCalls }), usage, route }
    } else {
      yield event
    }
  }
}

/**
 * A stream with the promise of its route record, which `view` makes of the executor's events. `controller` aborts them:
 * a generator can't be left while it works.
 */
export function routed<T>(
  events: AsyncIterable<ExecutionEvent>,
  controller: AbortController,
  view: (events: AsyncIterable<ExecutionEvent>) => AsyncGenerator<T, void, undefined>,
): RoutedStream<T> {
  let resolve: (record: RouteRecord) => void = () => {}
  let reject: (reason: unknown) => void = () => {}
  const route = new Promise<RouteRecord>((yes, no) => {
    resolve = yes
    reject = no
  })
  route.catch(() => {})
  async function* watched(): AsyncGenerator<ExecutionEvent, void, undefined> {
    try {
      for await (const event of events) {
        if (event.type === 'done') resolve(event.route)
        yield event
      }
    } catch (error) {
      reject(error)
      throw error
    }
  }
  const { signal } = controller
  const generator = view(watched())
  const iterator: AsyncIterableIterator<T, void, undefined> = {
    next: () =>
      generator.next().catch((error: unknown) => {
        if (signal.aborted) return { done: true, value: undefined }
        throw error
      }),
    async return() {
      const left = new DOMException('The stream was left before its end.', 'AbortError')
      // Too late after the end.
      reject(left)
      controller.abort(left)
      await generator.return().catch(() => {})
      return { done: true, value: undefined }
    },
    [Symbol.asyncIterator]: () => iterator,
  }
  return { route, [Symbol.asyncIterator]: () => iterator }
}
