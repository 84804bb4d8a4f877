import type { Engine, EngineStore } from '../engine/engine.ts'
import { InvalidRequestError } from '../errors/invalid-request-error.ts'
import type { ModelInfo } from '../wire.ts'
import { sharedNames } from './lock-names.ts'
import type { StoredModel } from './offer.ts'
import type { Uses } from './uses.ts'

/** What became of the models that were to be removed, by id; what was not there is in neither list. */
export interface Removed {
  removed: string[]
  /** In use. */
  kept: string[]
}

/** A model of an engine that lets its files be managed. */
interface Shelved {
  readonly model: ModelInfo
  readonly engine: Engine
  readonly store: EngineStore
}

/** The files of models that the engines keep on this device. Rejections are the signal's reason, or the engine's error. */
export class Library {
  readonly #engines: readonly Engine[]
  readonly #uses: Uses

  constructor(engines: readonly Engine[], uses: Uses) {
    this.#engines = engines
    this.#uses = uses
  }

  /** Those of the models that have files here, whole or not. Models of engines without a store are left out. */
  async stored(models: readonly ModelInfo[], signal: AbortSignal): Promise<StoredModel[]> {
    const [names, sizes] = await Promise.all([
      this.#uses.names(),
      Promise.all(
        this.#shelved(models).map(async ({ model, engine, store }) => {
          const bytes = await store.storedBytes(model, { signal })
          return { model, bytes, use: sharedNames(engine, model).use }
        }),
      ),
    ])
    return sizes
      .filter(({ bytes }) => bytes > 0)
      .map(({ model, bytes, use }) => ({ model, bytes, inUse: names.has(use) }))
  }

  /** Removes a model's files. InvalidRequestError "in_use" when a tab uses it, "unsupported" when its engine can't. */
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

  /** Removes the files of all models that nobody uses. */
  async removeAll(models: readonly ModelInfo[], signal: AbortSignal): Promise<Removed> {
    const result: Removed = { removed: [], kept: [] }
    for (const shelved of this.#shelved(models)) {
      const { model, store } = shelved
      const wasHere = (await store.storedBytes(model, { signal })) > 0
      const isRemoved = await this.#removed(shelved, signal)
      if (wasHere) result[isRemoved ? 'removed' : 'kept'].push(model.id)
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
