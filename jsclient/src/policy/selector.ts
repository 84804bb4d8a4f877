import type { DeviceCapabilities, ModelInfo, ModelState, NetworkState, RequestNeeds, SnapshotLimits } from '../wire.ts'
import { readLimits } from './compile.ts'
import { readDevice } from './device.ts'
import { ModelIndex, type Selection } from './model-index.ts'
import { readState } from './state.ts'

/** What {@link ModelSelector.select} is asked. Everything is optional: unknown rules nothing out. */
export interface ModelQuery {
  device?: DeviceCapabilities | undefined
  /** Tokens of prompt and completion together. Defaults to 0. */
  tokens?: number | undefined
  /** The declared task, matched against the models' capabilities. */
  task?: string | undefined
  /** What the engine must be able to honour. */
  needs?: RequestNeeds | undefined
  /** What the page knows of its models, by id. */
  models?: Record<string, ModelState> | undefined
  network?: NetworkState | undefined
}

/**
 * Chooses the model that would answer in the browser: the same filters and the same ranking as the server's. It looks
 * at fitness only; whether the browser should answer at all is for `decide`.
 *
 * Immutable. The constructor throws an Error that names the first model, or limit, that makes no sense.
 */
export class ModelSelector {
  readonly #index: ModelIndex

  constructor(models: readonly ModelInfo[], limits?: SnapshotLimits) {
    this.#index = new ModelIndex(models, readLimits(limits))
  }

  /** The best model, up to three alternates, or the filter that left none. */
  select(query: ModelQuery = {}): Selection {
    const { models, network } = readState({
      ...(query.models && { models: query.models }),
      ...(query.network && { network: query.network }),
    })
    return this.#index.select({
      device: readDevice(query.device ?? {}),
      tokens: query.tokens ?? 0,
      task: query.task ?? '',
      needs: query.needs ?? {},
      models,
      network,
    })
  }
}
