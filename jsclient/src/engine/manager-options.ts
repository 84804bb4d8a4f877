import type { ModelStatus } from '../wire.ts'
import type { Engine, LoadProgress } from './engine.ts'

/** Options of `EngineManager`. */
export interface EngineManagerOptions {
  /** At most one of a name. */
  engines: readonly Engine[]
  /** The clock, Unix ms. Defaults to `Date.now`. */
  now?: (() => number) | undefined
}

/** Options of a load, and of what may begin with one. */
export interface ManagedLoadOptions {
  /** Gives the load up, which goes on while others wait for it. */
  signal?: AbortSignal | undefined
  /** How far the load has come; called at once with where a shared load stands. */
  onProgress?: ((progress: LoadProgress) => void) | undefined
}

/** A model as a UI shows it. */
export interface ManagedModel {
  readonly status: ModelStatus | 'loading'
  /** Of the load that runs. */
  readonly progress?: LoadProgress
}
