import { raceAbort } from '../errors/abort.ts'
import { startTimeout } from '../timeout.ts'
import type { ModelInfo, ModelState, ModelStatus } from '../wire.ts'
import type { Engine, LoadedModel } from './engine.ts'
import { ModelHistory } from './manager-history.ts'

/** Longest wait for an engine to say where a model is, ms; after that it is unknown. */
const STATUS_TIMEOUT_MS = 3000

/** What a page knows of its models: where they are, how fast they were, how often they failed. */
export class ModelNotes {
  /** What is not in here is unknown. */
  readonly places = new Map<string, ModelStatus>()
  readonly #histories = new Map<string, ModelHistory>()
  /** Models whose present failure was counted: a loss and the call that it breaks are one failure. */
  readonly #counted = new WeakSet<LoadedModel>()
  readonly #now: () => number

  constructor(now: () => number) {
    this.#now = now
  }

  states(): Record<string, ModelState> {
    const states: Record<string, ModelState> = {}
    for (const id of new Set([...this.places.keys(), ...this.#histories.keys()])) {
      const learned = this.#histories.get(id)?.state(this.#now())
      // Without a place the failures of a model would go unheard.
      const status = this.places.get(id) ?? (learned?.failures ? 'absent' : undefined)
      if (status) states[id] = { status, ...learned }
    }
    return states
  }

  history(id: string): ModelHistory {
    const history = this.#histories.get(id) ?? new ModelHistory()
    this.#histories.set(id, history)
    return history
  }

  /** Asks the engine where a model is that is not loaded. Never rejects; no answer in time leaves the note as it is. */
  async locate(engine: Engine, model: ModelInfo, isLoaded: () => boolean, signal?: AbortSignal): Promise<void> {
    if (isLoaded() || signal?.aborted) return
    const timeout = startTimeout(STATUS_TIMEOUT_MS)
    const bounds = signal ? AbortSignal.any([signal, timeout.signal]) : timeout.signal
    const ask = async () => engine.status(model, { signal: bounds })
    const status = await raceAbort(ask(), bounds).catch(() => undefined)
    timeout.clear()
    if (status && !isLoaded()) this.places.set(model.id, status)
  }

  /** What fails from now on is another failure. */
  begin(loaded: LoadedModel): void {
    this.#counted.delete(loaded)
  }

  countFailure(id: string, loaded: LoadedModel | undefined): void {
    if (loaded && this.#counted.has(loaded)) return
    if (loaded) this.#counted.add(loaded)
    this.history(id).addFailure(this.#now())
  }
}
