import type { RoutedStream, RouteRecord, StreamEvent } from '../routed.ts'
import type { ExecutionEvent } from './execute.ts'

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
  let answered = false
  async function* watched(): AsyncGenerator<ExecutionEvent, void, undefined> {
    try {
      for await (const event of events) {
        if (event.type === 'done') {
          answered = true
          resolve(event.route)
        }
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
      // To the server, who may still be writing its books, a connection that is closed is a user who left.
      if (!answered) {
        const left = new DOMException('The stream was left before its end.', 'AbortError')
        reject(left)
        controller.abort(left)
      }
      await generator.return().catch(() => {})
      return { done: true, value: undefined }
    },
    [Symbol.asyncIterator]: () => iterator,
  }
  return { route, [Symbol.asyncIterator]: () => iterator }
}
