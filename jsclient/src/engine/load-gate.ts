/** What stands between the manager of engines and a load: whether it may begin, and who else must know of it. */
import type { ModelInfo } from '../wire.ts'
import type { Engine, LoadProgress } from './engine.ts'

/** Who wants a model: the app by `preload`, the client while nothing else goes on, or a request that can't go on without. */
export type LoadPurpose = 'preload' | 'idle' | 'request'

/** A load that wants to begin. */
export interface LoadRequest {
  readonly purpose: LoadPurpose
  /** The app has asked the user itself. */
  readonly consented: boolean
  /** Gives it up. */
  readonly signal: AbortSignal
  /** How far the download has come that another tab is busy with. */
  onProgress(progress: LoadProgress): void
}

/** Decides whether loads may begin. */
export interface LoadGate {
  /**
   * Resolves when the load may begin, which may take as long as a user takes to answer, or another tab to download the
   * model. Called before anything is unloaded for it. Rejects with the signal's reason, or an EngineError.
   */
  enter(engine: Engine, model: ModelInfo, request: LoadRequest): Promise<LoadPass>
}

/** A load that may go on. Nothing of it throws. */
export interface LoadPass {
  /** How far it has come. */
  progress(progress: LoadProgress): void
  /** The model is resident. */
  loaded(): void
  /** The load has failed or the model is no longer resident. Idempotent. */
  end(): void
}

/** Lets everything through. */
export const OPEN_GATE: LoadGate = {
  enter: async () => ({ progress() {}, loaded() {}, end() {} }),
}
