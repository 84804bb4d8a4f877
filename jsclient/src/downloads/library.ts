import type { Engine, EngineStore } from '../engine/engine.ts'
import { raceAbort } from '../errors/abort.ts'
import { InvalidRequestError } from '../errors/invalid-request-error.ts'
import type { ModelInfo } from '../wire.ts'
import { sharedNames } from './lock-names.ts'
import type { StoredModel } from './offer.ts'
import type { Uses } from './uses.ts'

/** What became of the models that were to be removed, by id; what was not there is in none of the lists. */
export interface Removed {
  removed: string[]
  /** In use. */
  kept: string[]
  /** Those whose engine could not, of which something may be left: `remove` of one says why. */
  failed: string[]
}

/** A model of an engine that lets its files be managed. */
interface Shelved {
  readonly model: ModelInfo
  readonly engine: Engine
  readonly store: EngineStore
}

/** The files of models that the engines keep on this device. */
export class Library {
  readonly #engines: readonly Engine[]
  readonly #uses: Uses
  readonly #onRemoved: (modelId: string) => void

  /** `onRemoved` is called as soon as a model's files are gone, whatever becomes of the next one. */
  constructor(engines: readonly Engine[], uses: Uses, onRemoved: (modelId: string) => void) {
    this.#engines = engines
    this.#uses = uses
    this.#onRemoved = onRemoved
  }

  /**
   * Those of the models that have files here, whole or not. Left out are models of engines without a store, and those
   * that a store can't read. Rejects with the signal's reason.
   */
  async stored(models: readonly ModelInfo[], signal: AbortSignal): Promise<StoredModel[]> {
    const sizes = this.#shelved(models).map(async ({ model, engine, store }) => {
      const bytes = await store.storedBytes(model, { signal })
      return { model, bytes, use: sharedNames(engine, model).use }
    })
    const [names, read] = await raceAbort(Promise.all([this.#uses.names(), Promise.allSettled(sizes)]), signal)
    return read
      .flatMap((one) => (one.status === 'fulfilled' && one.value.bytes > 0 ? [one.value] : []))
      .map(({ model, bytes, use }) => ({ model, bytes, inUse: names.has(use) }))
  }

  /**
   * Removes a model's files. InvalidRequestError "in_use" when a tab uses it, "unsupported" when its engine can't. Rejects
   * too with the signal's reason, or the engine's error.
   */
  async remove(model: ModelInfo, signal: AbortSignal): Promise<void> {
    const [shelved] = this.#shelved([model])
    if (!shelved) {
      const message = `${model.framework} does not let its files be managed: clear the site's data in the browser's settings`
      throw new InvalidRequestError(message, { code: 'unsupported', param: 'modelId' })
    }
    if (await this.#removed(shelved, signal)) return
    const message = `${model.id} is in use by another tab, or by another client of this page: dispose of that first`
    throw new InvalidRequestError(message, { code: 'in_use', param: 'modelId' })
  }

  /** Removes the files of all models that nobody uses, whichever of them fail. Rejects with the signal's reason. */
  async removeAll(models: readonly ModelInfo[], signal: AbortSignal): Promise<Removed> {
    const result: Removed = { removed: [], kept: [], failed: [] }
    for (const shelved of this.#shelved(models)) {
      const { model, store } = shelved
      try {
        if ((await store.storedBytes(model, { signal })) === 0) continue
        result[(await this.#removed(shelved, signal)) ? 'removed' : 'kept'].push(model.id)
      } catch {
        signal.throwIfAborted()
        result.failed.push(model.id)
      }
    }
    return result
  }

  /** False = it is in use. */
  async #removed({ model, engine, store }: Shelved, signal: AbortSignal): Promise<boolean> {
    signal.throwIfAborted()
    const release = await this.#uses.bar(sharedNames(engine, model).use)
    if (!release) return false
    try {
      await store.remove(model, { signal })
      this.#onRemoved(model.id)
      return true
    } finally {
      await release()
    }
  }

  #shelved(models: readonly ModelInfo[]): Shelved[] {
    return models.flatMap((model) => {
      const engine = this.#engines.find(({ name }) => name === model.framework)
      return engine?.store ? [{ model, engine, store: engine.store }] : []
    })
  }
}
