import type { ModelInfo, ModelStatus } from '../wire.ts'
import type { Engine, LoadProgress } from './engine.ts'
import type { HealthOptions } from './health.ts'
import type { LoadGate, LoadPurpose } from './load-gate.ts'
import type { SpeedRecordsOptions } from './speed-records.ts'

/** Options of `EngineManager`. */
export interface EngineManagerOptions {
  /** At most one of a name. */
  engines: readonly Engine[]
  /** The clock, Unix ms. Defaults to `Date.now`. */
  now?: (() => number) | undefined
  /** Decides whether loads may begin. Defaults to one that lets all begin at once. */
  gate?: LoadGate | undefined
  /** How the models' health is kept. Defaults to in memory alone. */
  health?: Omit<HealthOptions, 'now'> | undefined
  /** How the models' speeds are kept. Defaults to in memory alone. */
  speeds?: Omit<SpeedRecordsOptions, 'now'> | undefined
  /** How fast a model will be that was never measured, thousandths of a token per second. Defaults to no idea. */
  predict?: ((model: ModelInfo) => number | undefined) | undefined
}

/** Options of a load, and of what may begin with one. */
export interface ManagedLoadOptions {
  /** Gives the load up, which goes on while others wait for it. */
  signal?: AbortSignal | undefined
  /** How far the load has come; called at once with where a shared load stands. */
  onProgress?: ((progress: LoadProgress) => void) | undefined
  /** Who wants the model. Of a shared load the first caller's holds. Defaults to "preload"; of `generate`, to "request". */
  purpose?: LoadPurpose | undefined
  /** The user was asked already: no offer is made. Of a shared load the first caller's holds. Defaults to false. */
  consented?: boolean | undefined
}

/** A model as a UI shows it. */
export interface ManagedModel {
  readonly status: ModelStatus | 'loading'
  /** Of the load that runs. */
  readonly progress?: LoadProgress
}
