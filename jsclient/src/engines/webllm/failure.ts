/** WebLLM's failures in our words. Its classes are not exported, and through its own worker they arrive as strings. */
import { describe } from '../../engine/describe.ts'
import type { EngineErrorCode, EngineStage } from '../../errors/engine-error.ts'

export interface Failure {
  code: EngineErrorCode
  message: string
}

const CODES: Record<string, EngineErrorCode> = {
  ModelNotFoundError: 'model_not_found',
  MissingModelWasmError: 'model_not_found',
  MissingModelError: 'model_not_found',
  WebGPUNotAvailableError: 'no_webgpu',
  WebGPUNotFoundError: 'no_webgpu',
  ShaderF16SupportError: 'insufficient_gpu',
  FeatureSupportError: 'insufficient_gpu',
  IntegrityError: 'invalid_files',
  ArtifactManifestError: 'invalid_files',
  // A stored config that is no JSON, a stored library that is none, or is one for another release of WebLLM.
  SyntaxError: 'invalid_files',
  CompileError: 'invalid_files',
  LinkError: 'invalid_files',
  NetworkError: 'download_failed',
  QuotaExceededError: 'quota_exceeded',
  ContextWindowSizeExceededError: 'context_length_exceeded',
  ModelNotLoadedError: 'not_loaded',
  WorkerEngineModelNotLoadedError: 'not_loaded',
}

/** What to do about a failed load. */
const ADVICE: Record<string, string> = {
  model_not_found: 'Check source.modelURL and source.modelLib, and that the server has the file.',
  download_failed: 'Try again when the server is reachable.',
  invalid_files:
    'Upload the model anew, with a library for this release of WebLLM, and mend the checksums in the registry; the next load fetches it again.',
  quota_exceeded: "Free some of this origin's storage, or choose a smaller model.",
  out_of_memory: 'Choose a smaller model.',
  insufficient_gpu: 'Choose another model.',
  no_webgpu: 'Use an engine that needs no WebGPU.',
  lost: 'Load it again.',
  not_loaded: 'Load it again.',
  load_failed: 'Try again, or choose another model or engine.',
  misconfigured: "Allow 'wasm-unsafe-eval' in the script-src of the page's Content-Security-Policy.",
}

/** Says what was thrown, and for a load what to do. */
export function failureOf(thrown: unknown, stage: EngineStage): Failure {
  const { name, message } = describe(thrown)
  const code = codeOf(name, message, stage)
  const advice = stage === 'load' && ADVICE[code]
  return { code, message: `${name}: ${message}${advice ? ` ${advice}` : ''}` }
}

/** A message about a file that was not to be had, or is not what it should be. */
export function fileFailure(code: EngineErrorCode, url: string, what: string): string {
  return `${url} ${what}. ${ADVICE[code] ?? ''}`
}

function codeOf(name: string, message: string, stage: EngineStage): EngineErrorCode {
  if (/content security policy|blocked by CSP/i.test(message)) return 'misconfigured'
  const code = CODES[name]
  if (code && !(stage === 'generate' && code === 'invalid_files')) return code
  // Losing the device while the weights are moved there is how a GPU says that they don't fit.
  if (name === 'DeviceLostError') return stage === 'load' ? 'out_of_memory' : 'lost'
  if (/out of memory|bad_alloc|allocation failed/i.test(message)) return 'out_of_memory'
  if (/quota/i.test(message)) return 'quota_exceeded'
  if (/'add' on 'Cache'|failed to fetch|networkerror|load failed|cannot fetch/i.test(message)) return 'download_failed'
  if (/already been disposed|unload\(\) is called|device (was|is) lost|BindingError/i.test(`${name} ${message}`))
    return 'lost'
  return stage === 'load' ? 'load_failed' : 'generate_failed'
}
