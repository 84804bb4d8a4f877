import { guardOf } from './edgewise-error.ts'
import type { EngineErrorCode } from './engine-error.ts'
import { EngineError } from './engine-error.ts'

/** A model could not be loaded; `code` says why. */
export class ModelLoadError extends EngineError {
  override readonly name = 'ModelLoadError'
  /** Registry id of the model. */
  readonly modelId: string

  constructor(modelId: string, message: string, options: { code?: EngineErrorCode; cause?: unknown } = {}) {
    super(message, { stage: 'load', code: options.code ?? 'load_failed', cause: options.cause })
    this.modelId = modelId
  }
}

/** Whether an error is a `ModelLoadError`, of whichever copy of this package. */
export const isModelLoadError = guardOf<ModelLoadError>('ModelLoadError')
