import { guardOf } from './edgewise-error.ts'
import { EngineError } from './engine-error.ts'

/** The request asks for something that the engine can't honour. Nothing was generated. */
export class EngineUnsupportedError extends EngineError {
  override readonly name = 'EngineUnsupportedError'
  /** The request's field, in the spelling of `EngineRequest`, such as `tools` or `messages[2].content`. */
  readonly param: string

  constructor(engine: string, param: string, reason: string) {
    super(`${engine} can't honour ${param}: ${reason}`, { stage: 'generate', code: 'unsupported' })
    this.param = param
  }
}

/** Whether an error is an `EngineUnsupportedError`, of whichever copy of this package. */
export const isEngineUnsupportedError = guardOf<EngineUnsupportedError>('EngineUnsupportedError')
