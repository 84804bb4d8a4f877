import { raceAbort } from '../errors/abort.ts'
import { startTimeout } from '../timeout.ts'
import type { ModelInfo, ModelState, ModelStatus } from '../wire.ts'
import type { Engine } from './engine.ts'
import type { Health } from './health.ts'
import type { EngineManagerOptions } from './manager-options.ts'
import type { SpeedRecords, Speeds } from './speed-records.ts'

/** Longest wait for an engine to say where a model is, ms; after that it is unknown. */
const STATUS_TIMEOUT_MS = 3000

/** What a page knows of its models: where they are, how fast they were, how often they failed. */
export class ModelNotes {
  /** What is not in here is unknown. */
  readonly places = new Map<string, ModelStatus>()
  readonly #speeds: SpeedRecords
  readonly #predict: EngineManagerOptions['predict']
  /** The models that were asked for. */
  readonly #models = new Map<string, ModelInfo>()

  constructor(speeds: SpeedRecords, predict?: EngineManagerOptions['predict']) {
    this.#speeds = speeds
    this.#predict = predict
  }

  /** Of the models that these engines run. */
  states(health: Health, engines: ReadonlyMap<string, unknown>): Record<string, ModelState> {
    const failures = new Map<string, number>()
    for (const { engine, model, failures: count } of health.failures()) {
      const isMine = engines.has(engine) && (this.#models.get(model)?.framework ?? engine) === engine
      if (isMine) failures.set(model, Math.max(count, failures.get(model) ?? 0))
    }
    const states: Record<string, ModelState> = {}
    for (const id of new Set([...this.places.keys(), ...failures.keys()])) {
      const count = failures.get(id)
      // Without a place the failures of a model would go unheard.
      const status = this.places.get(id) ?? 'absent'
      states[id] = { status, ...this.#speedsOf(id), ...(count !== undefined && { failures: count }) }
    }
    return states
  }

  /** Which model an id stands for. */
  meet(model: ModelInfo): void {
    this.#models.set(model.id, model)
  }

  /** Takes what was just measured of a model. */
  learn({ id, framework }: ModelInfo, speeds: Speeds): void {
    this.#speeds.add({ engine: framework, model: id }, speeds)
  }

  #speedsOf(id: string): Pick<ModelState, keyof Speeds | 'predictedTokensPerSecondMilli'> {
    const model = this.#models.get(id)
    if (!model) return {}
    const measured = this.#speeds.of({ engine: model.framework, model: id })
    const predicted = measured.tokensPerSecondMilli ? undefined : this.#predict?.(model)
    return { ...measured, ...(predicted !== undefined && { predictedTokensPerSecondMilli: predicted }) }
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
}
