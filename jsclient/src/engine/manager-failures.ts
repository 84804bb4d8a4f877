import { EngineError, type EngineStage, isEngineError, isRefusal } from '../errors/engine-error.ts'

/**
 * Failures that say nothing about the health of a model on this device: of the request, the app, the browser or the
 * network. A full disk does: it stays full until something is removed, which forgets the failures.
 */
const BLAMELESS: ReadonlySet<string> = new Set([
  'unsupported',
  'context_length_exceeded',
  'not_loaded',
  'not_installed',
  'misconfigured',
  'worker_failed',
  'protocol',
  'insecure_context',
  'unavailable',
  'activation_required',
  'model_not_found',
  'download_failed',
])

/** Failures after which a model is no longer resident. */
const GONE: ReadonlySet<string> = new Set(['not_loaded', 'lost'])

export function isBlameless(error: EngineError): boolean {
  return BLAMELESS.has(error.code) || isRefusal(error.code)
}

export function isGone(error: unknown): boolean {
  return isEngineError(error) && GONE.has(error.code)
}

/** Nobody agreed to the download. */
export function isDeclined(error: unknown): boolean {
  return isEngineError(error) && isRefusal(error.code)
}

/** Gives what a plug-in threw against its contract a type. */
export function typed(error: unknown, stage: EngineStage): EngineError {
  if (isEngineError(error)) return error
  const code = stage === 'load' ? 'load_failed' : 'generate_failed'
  return new EngineError(error instanceof Error ? error.message : String(error), { stage, code, cause: error })
}
