/** Reads one answer from the browser's stream and makes events of it. */

import { describe } from '../../engine/describe.ts'
import type { EngineEvent } from '../../engine/engine.ts'
import { createStopFinder } from '../../engine/stop.ts'
import type { Watchdog } from '../../engine/watchdog.ts'
import { raceAbort } from '../../errors/abort.ts'
import { createCounter } from './count.ts'

export interface AnswerOptions {
  /** Cancelled in the end. */
  reader: ReadableStreamDefaultReader<string>
  stop: readonly string[]
  /** Most tokens. */
  limit: number
  /** Tokens of a text. */
  measure: (text: string) => Promise<number>
  /** Tokens of the answer as the browser counted them, once it is whole. */
  total: () => number
  /** Its reason is thrown at once. */
  signal: AbortSignal
  /** Fed while the browser is waited for. */
  dog: Pick<Watchdog, 'feed' | 'pause'>
}

export interface Answer {
  finishReason: 'stop' | 'length' | 'content_filter'
  /** Tokens so far. */
  tokens: number
  text: string
  /** The text is all that the model wrote. */
  whole: boolean
}

/** Yields the deltas and keeps `answer`. The stream is over when it returns or throws. */
export async function* readAnswer(
  answer: Answer,
  { reader, stop, limit, measure, total, signal, dog }: AnswerOptions,
): AsyncGenerator<EngineEvent, void, undefined> {
  const stops = createStopFinder(stop)
  const count = createCounter(limit, measure)
  try {
    while (!stops.stopped && answer.finishReason === 'stop') {
      dog.feed()
      const { done, value } = await raceAbort(reader.read(), signal)
      if (done) {
        answer.whole = true
        break
      }
      if (!value) continue
      const counted = await raceAbort(count(value, answer.text + value), signal)
      dog.pause()
      // The chunk that goes beyond the limit is cut off whole.
      const piece = counted > limit ? '' : stops.push(value)
      if (counted >= limit && !stops.stopped) answer.finishReason = 'length'
      if (counted > limit) break
      answer.text += value
      const tokens = counted - answer.tokens
      answer.tokens = counted
      yield { type: 'delta', text: piece, tokens }
      signal.throwIfAborted()
    }
  } catch (error) {
    // The browser withholds what comes next.
    if (signal.aborted || describe(error).name !== 'NotReadableError') throw error
    answer.finishReason = 'content_filter'
  } finally {
    reader.cancel().catch(() => {})
  }

  const all = answer.whole ? total() : stops.stopped ? await raceAbort(measure(answer.text), signal) : 0
  dog.pause()
  const tokens = Math.max(Math.min(all, limit) - answer.tokens, 0)
  const text = stops.flush()
  if (text || tokens) {
    answer.tokens += tokens
    yield { type: 'delta', text, tokens }
    signal.throwIfAborted()
  }
}
