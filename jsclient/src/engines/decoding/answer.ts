/** Turns the ids of an answer's tokens into its events: text, stops, counts. */
import type { EngineEvent, EngineUsage } from '../../engine/engine.ts'
import { createStopFinder } from '../../engine/stop.ts'
import { createDetokenizer } from './detokenizer.ts'

export interface AnswerOptions {
  decode: (ids: bigint[]) => string
  /** Ids that end an answer. */
  endIds: ReadonlySet<bigint>
  stop: readonly string[]
  promptTokens: number
  /** Ids of the prompt's end whose text the answer goes on with. */
  begun?: readonly bigint[] | undefined
  /** Those of the prompt that were in the key-value cache; absent = the engine keeps none. */
  cachedTokens?: number
  emit: (event: EngineEvent) => void
  /** A stop text was found: nothing more is wanted. */
  onStop: () => void
}

export interface Answer {
  /** Takes a generated token. */
  token(id: bigint): void
  /** Emits what was held back and the `done`. */
  finish(): void
}

export function createAnswer(options: AnswerOptions): Answer {
  const { decode, endIds, stop, promptTokens, begun, cachedTokens, emit, onStop } = options
  const text = createDetokenizer(decode, begun)
  const stops = createStopFinder(stop)
  let completionTokens = 0
  let unreported = 0
  let ended = false

  const send = (piece: string, always: boolean) => {
    if (piece === '' && !(always && unreported > 0)) return
    emit({ type: 'delta', text: piece, tokens: unreported })
    unreported = 0
  }

  return {
    token(id) {
      if (ended) return
      if (endIds.has(id)) {
        ended = true
        return
      }
      completionTokens++
      unreported++
      send(stops.push(text.push(id)), false)
      if (stops.stopped) {
        ended = true
        onStop()
      }
    },
    finish() {
      const rest = stops.stopped ? '' : stops.push(text.flush())
      send(rest + stops.flush(), true)
      const finishReason = ended || stops.stopped ? 'stop' : 'length'
      const usage: EngineUsage = { promptTokens, completionTokens }
      if (cachedTokens !== undefined) usage.cachedTokens = cachedTokens
      emit({ type: 'done', finishReason, usage })
    },
  }
}
