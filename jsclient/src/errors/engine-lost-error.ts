import { guardOf } from './edgewise-error.ts'
import type { EngineStage } from './engine-error.ts'
import { EngineError } from './engine-error.ts'

/** The engine died under a loaded model: GPU device lost, worker gone. The model must be loaded again. */
export class EngineLostError extends EngineError {
  override readonly name = 'EngineLostError'

  constructor(message: string, options: { stage?: EngineStage; cause?: unknown } = {}) {
    super(message, { stage: options.stage ?? 'generate', code: 'lost', cause: options.cause })
  }
}

/** Whether an error is an `EngineLostError`, of whichever copy of this package. */
export const isEngineLostError = guardOf<EngineLostError>('EngineLostError')
