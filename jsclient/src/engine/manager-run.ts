import { raceAbort } from '../errors/abort.ts'
import type { EngineEvent } from './engine.ts'
import type { ModelHistory } from './manager-history.ts'

/**
 * The events of one generation, whose speed is noted. Throws the signal's reason as soon as it aborts. `release` is
 * called when the engine has stopped, however this ends, also where the engine throws before there is an event; the caller
 * need not wait for that.
 */
export async function* measured(
  generate: () => AsyncIterable<EngineEvent>,
  history: ModelHistory,
  signal: AbortSignal,
  release: () => void,
): AsyncGenerator<EngineEvent, void, undefined> {
  let events: AsyncIterator<EngineEvent> | undefined
  const start = performance.now()
  let first: { at: number; tokens: number } | undefined
  try {
    events = generate()[Symbol.asyncIterator]()
    for (;;) {
      const { done, value } = await raceAbort(events.next(), signal)
      if (done) return
      if (value.type === 'delta') {
        if (value.tokens > 0) first ??= { at: performance.now(), tokens: value.tokens }
      } else if (first) {
        const tokens = value.usage.completionTokens - first.tokens
        history.addGeneration(first.at - start, tokens, performance.now() - first.at)
      }
      yield value
    }
  } finally {
    const stop = async () => events?.return?.()
    void stop()
      .catch(() => {})
      .finally(release)
  }
}
