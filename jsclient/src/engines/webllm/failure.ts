/** WebLLM's failures. Its classes are not exported, and through a worker they arrive as strings "Name: message". */
import { describe } from '../../engine/error-message.ts'
import type { EngineErrorCode, EngineStage } from '../../errors/engine-error.ts'

export interface Failure {
  code: EngineErrorCode
  message: string
}

const CODES: Record<string, EngineErrorCode> = {
  ModelNotFoundError: 'model_not_found',
  MissingModelError: 'model_not_found',
  WebGPUNotAvailableError: 'no_webgpu',
  WebGPUNotFoundError: 'no_webgpu',
  ShaderF16SupportError: 'insufficient_gpu',
  FeatureSupportError: 'insufficient_gpu',
  IntegrityError: 'download_failed',
  NetworkError: 'download_failed',
  QuotaExceededError: 'quota_exceeded',
  ContextWindowSizeExceededError: 'context_length_exceeded',
  ModelNotLoadedError: 'not_loaded',
  WorkerEngineModelNotLoadedError: 'not_loaded',
}

/** Says what was thrown in our words. */
export function failureOf(thrown: unknown, stage: EngineStage): Failure {
  const { name, message } = describe(thrown)
  return { code: codeOf(name, message, stage), message: `${name}: ${message}` }
}

function codeOf(name: string, message: string, stage: EngineStage): EngineErrorCode {
  const code = CODES[name]
  if (code) return code
  // Losing the device while the weights are moved there is how a GPU says that they don't fit.
  if (name === 'DeviceLostError') return stage === 'load' ? 'out_of_memory' : 'lost'
  if (/out of memory|bad_alloc|allocation failed/i.test(message)) return 'out_of_memory'
  if (/quota/i.test(message)) return 'quota_exceeded'
  // A 404 or a 500 has lost its status and its URL by the time it comes here.
  if (/'add' on 'Cache'|failed to fetch|networkerror|load failed|cannot fetch/i.test(message)) return 'download_failed'
  if (/already been disposed|device (was|is) lost|BindingError/i.test(`${name} ${message}`)) return 'lost'
  return stage === 'load' ? 'load_failed' : 'generate_failed'
}
