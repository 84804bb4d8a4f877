import type { Removed } from '../downloads/library.ts'
import type { StoredModel } from '../downloads/offer.ts'
import type { ManagedLoadOptions } from '../engine/manager-options.ts'
import { InvalidRequestError } from '../errors/invalid-request-error.ts'
import type { ModelInfo } from '../wire.ts'
import type { DecisionParts } from './decision.ts'
import { noTarget } from './no-target.ts'
import { obstacleError } from './obstacles.ts'
import type { StatusStore } from './status.ts'

/** What the models of the page are managed with. */
export interface ModelsParts extends DecisionParts {
  readonly status: StatusStore
}

/** The models that this page can have on the device. The device must have been detected, and the snapshot fetched. */
export class Models {
  readonly #parts: ModelsParts

  constructor(parts: ModelsParts) {
    this.#parts = parts
  }

  /** Those that there are, in this page or not. */
  get all(): readonly ModelInfo[] {
    return this.#parts.snapshots.current?.models ?? []
  }

  /** Makes a model resident: the one named, or the one that would be chosen. */
  async preload(modelId: string | undefined, options: ManagedLoadOptions): Promise<ModelInfo> {
    const { page, status } = this.#parts
    const model = modelId === undefined ? await this.#chosen(options.signal) : this.#named(modelId)
    status.begin('loading')
    status.set({ model: model.id })
    try {
      const onProgress: ManagedLoadOptions['onProgress'] = (progress) => {
        status.set({ phase: 'loading', model: model.id, progress })
        options.onProgress?.(progress)
      }
      const { manager, progressive } = await page.local()
      progressive?.giveWay(model)
      await manager.load(model, { ...options, onProgress })
      return model
    } finally {
      status.end()
    }
  }

  /** Those of which something is on this device. */
  async stored(signal: AbortSignal): Promise<StoredModel[]> {
    const { downloads } = await this.#parts.page.local()
    return downloads.stored(this.#mine, { signal })
  }

  /** Frees a model, and removes its files. */
  async remove(modelId: string, signal: AbortSignal): Promise<void> {
    const model = this.#named(modelId)
    const { manager, downloads } = await this.#parts.page.local()
    await manager.unload(model.id, { signal })
    await downloads.remove(model, { signal })
    manager.forgetFailures(model.id)
    await manager.survey([model], { signal })
  }

  /** Frees all models, and removes the files of those that no other tab uses. */
  async removeAll(signal: AbortSignal): Promise<Removed> {
    const models = this.#mine
    const { manager, downloads } = await this.#parts.page.local()
    for (const { id } of models) await manager.unload(id, { signal })
    const result = await downloads.removeAll(models, { signal })
    for (const id of result.removed) manager.forgetFailures(id)
    await manager.survey(models, { signal })
    return result
  }

  /** Forgets what the user said to the download of a model, or of all. */
  async forgetConsent(modelId: string | undefined): Promise<void> {
    const { downloads, progressive } = await this.#parts.page.local()
    downloads.forget(modelId)
    progressive?.forget(modelId)
  }

  /** Lets models be chosen again that are left alone because they failed. */
  async forgetFailures(modelId: string | undefined): Promise<void> {
    ;(await this.#parts.page.local()).manager.forgetFailures(modelId)
  }

  /** Those that engines of this page can run. */
  get #mine(): ModelInfo[] {
    const names = this.#parts.page.usable.map(({ name }) => name)
    return this.all.filter(({ framework }) => names.includes(framework))
  }

  async #chosen(signal?: AbortSignal): Promise<ModelInfo> {
    const { page, snapshots } = this.#parts
    const { current, problem } = snapshots
    if (!current) throw problem
    let decision = await page.decidePreload(current)
    if (await page.looks(decision.modelInfo, signal)) decision = await page.decidePreload(current)
    const { modelInfo, reason } = decision
    if (!modelInfo) throw noTarget(reason, page)
    if (page.lacks(modelInfo)) {
      const { reason } = await page.decidePreload(current, modelInfo)
      if (reason === 'too_slow') throw noTarget(reason, page)
    }
    return modelInfo
  }

  /** Throws an error where there is no such model, or its engine can't run here. */
  #named(modelId: string): ModelInfo {
    const { page, snapshots } = this.#parts
    const named = this.all.find(({ id }) => id === modelId)
    if (!named) {
      if (snapshots.problem) throw snapshots.problem
      const message = `There is no model ${JSON.stringify(modelId)} in the snapshot. \`models\` lists those there are.`
      throw new InvalidRequestError(message, { param: 'modelId' })
    }
    const obstacle = obstacleError(page.obstacles, named.framework)
    if (obstacle) throw obstacle
    return named
  }
}
