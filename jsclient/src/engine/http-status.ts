import type { EngineErrorCode } from '../errors/engine-error.ts'
import { isBusy } from '../errors/server-error.ts'

/** What a server means that answers with an error where a model's file should be. */
export function codeOfStatus(status: number): EngineErrorCode {
  return status >= 500 || isBusy(status) ? 'download_failed' : 'model_not_found'
}
