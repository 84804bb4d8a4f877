import { defined } from '../defined.ts'
import type { DeviceCapabilities, ModelInfo, ModelState, NetworkState, RequestNeeds, SnapshotLimits } from '../wire.ts'
import { readLimits } from './compile.ts'
import { readDevice } from './device.ts'
import type { Limits } from './filter.ts'
import type { IndexedModel } from './model.ts'
import { indexModels, type Selection, select } from './model-index.ts'
import { readState } from './state.ts'

/** What {@link ModelSelector.select} is asked. Everything is optional: unknown rules nothing out. */
export interface ModelQuery {
  /** Defaults to a device of which nothing is known. */
  device?: DeviceCapabilities | undefined
  /** Tokens of prompt and completion together. Defaults to 0. */
  tokens?: number | undefined
  /** The declared task, matched against the models' capabilities. */
  task?: string | undefined
  /** What the engine must be able to honour. */
  needs?: RequestNeeds | undefined
  /** The engines that can honour the request. Defaults to all that the device has. */
  engines?: readonly string[] | undefined
  /** What the page knows of its models, by id. */
  models?: Record<string, ModelState> | undefined
  /** The connection, for models that would have to be downloaded. */
  network?: NetworkState | undefined
}

/**
 * Chooses the model that would answer in the browser: the same filters and the same ranking as the server's. It looks
 * at fitness only; whether the browser should answer at all is for `decide`.
 *
 * Immutable. The constructor throws an Error that names the first model, or limit, that makes no sense.
 */
export class ModelSelector {
  readonly #index: readonly IndexedModel[]
  readonly #limits: Limits

  constructor(models: readonly ModelInfo[], limits?: SnapshotLimits) {
    this.#index = indexModels(models)
    this.#limits = readLimits(limits)
  }

  /** The best model, up to three alternates, or the filter that left none. */
  select({ device = {}, tokens = 0, task = '', needs = {}, engines, ...state }: ModelQuery = {}): Selection {
    const { models, network } = readState(defined(state))
    const query = { device: readDevice(device), tokens, task, needs, engines, models, network }
    return select(this.#index, { ...query, limits: this.#limits })
  }
}
