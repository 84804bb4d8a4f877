import { raceAbort } from '../errors/abort.ts'
import type { EngineEvent } from './engine.ts'
import type { Speeds } from './speed-records.ts'

/** Tokens after the first that a speed must be measured over. */
const LEAST_TOKENS = 4

/**
 * The events of one generation, whose speed `learn` is told. Throws the signal's reason as soon as it aborts. `release` is
 * called when the engine has stopped, however this ends, also where the engine throws before there is an event; the caller
 * need not wait for that.
 */
export async function* measured(
  generate: () => AsyncIterable<EngineEvent>,
  learn: (speeds: Speeds) => void,
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
        learn(speedsOf(first.at - start, tokens, performance.now() - first.at))
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

/** `tokens` came in `decodeMs` after the first of them, which took `ttftMs`. */
function speedsOf(ttftMs: number, tokens: number, decodeMs: number): Speeds {
  const isTelling = tokens >= LEAST_TOKENS && decodeMs > 0
  return { ttftMs, ...(isTelling && { tokensPerSecondMilli: (tokens * 1_000_000) / decodeMs }) }
}
