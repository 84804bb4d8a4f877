/** Errors across the boundary between worker and page. */

import type { EngineStage } from '../errors/engine-error.ts'
import { EngineError } from '../errors/engine-error.ts'
import { EngineLostError } from '../errors/engine-lost-error.ts'
import { ModelLoadError } from '../errors/engine-model-load-error.ts'
import { EngineNotInstalledError } from '../errors/engine-not-installed-error.ts'
import { EngineUnsupportedError } from '../errors/engine-unsupported-error.ts'
import { describe } from './describe.ts'
import type { ErrorMessage } from './protocol.ts'

/** Takes an error apart for `postMessage`; what is no `EngineError` becomes a plain failure of the stage. */
export function toErrorMessage(error: unknown, stage: EngineStage): ErrorMessage {
  if (!(error instanceof EngineError)) {
    const { name, message } = describe(error)
    return {
      name: 'EngineError',
      message,
      stage,
      code: stage === 'load' ? 'load_failed' : 'generate_failed',
      cause: { name, message },
    }
  }
  const message: ErrorMessage = { name: error.name, message: error.message, stage: error.stage, code: error.code }
  if (error instanceof EngineNotInstalledError) message.detail = error.packageName
  if (error instanceof EngineUnsupportedError) message.detail = error.param
  if (error instanceof ModelLoadError) message.detail = error.modelId
  if (error.cause !== undefined) message.cause = describe(error.cause)
  return message
}

/** Puts it together again, with its class. */
export function fromErrorMessage(message: ErrorMessage): EngineError {
  const cause = message.cause && Object.assign(new Error(message.cause.message), { name: message.cause.name })
  if (message.detail !== undefined) {
    switch (message.name) {
      case 'EngineNotInstalledError':
        return new EngineNotInstalledError(message.detail, cause)
      case 'ModelLoadError':
        return new ModelLoadError(message.detail, message.message, { code: message.code, cause })
      case 'EngineUnsupportedError': {
        const error = new EngineUnsupportedError('', message.detail, '')
        error.message = message.message
        return error
      }
    }
  }
  const { stage, code } = message
  if (code === 'lost') return new EngineLostError(message.message, { stage, cause })
  return new EngineError(message.message, { stage, code, cause })
}
