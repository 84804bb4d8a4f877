/** What the package's failures mean. It has hardly any classes of its own, so they are told by their words. */
import { describe } from '../../engine/describe.ts'
import type { DeviceFacts } from '../../engine/webgpu.ts'
import type { EngineErrorCode } from '../../errors/engine-error.ts'
import { EngineError } from '../../errors/engine-error.ts'
import { EngineLostError } from '../../errors/engine-lost-error.ts'
import { ModelLoadError } from '../../errors/engine-model-load-error.ts'
import type { ModelInfo } from '../../wire.ts'
import type { ModelFiles } from './files.ts'

interface Meaning {
  code: EngineErrorCode
  /** What to do about it. */
  advice: string
}

const NO_MEMORY: Meaning = { code: 'out_of_memory', advice: 'take a smaller model' }
const NO_MEMORY_WORDS = /out of memory|bad_alloc|allocat/i
const NO_RUNTIME = /no available backend/

/** By a pattern of "Name: message". The first that matches wins. */
const MEANINGS: readonly [RegExp, Meaning][] = [
  [NO_MEMORY_WORDS, NO_MEMORY],
  // What C++ throws comes out of WebAssembly as a mere address; in practice it is want of memory.
  [/^Error: \d+$/, NO_MEMORY],
  [
    /content.security.policy|blocked by CSP/i,
    { code: 'misconfigured', advice: "allow 'wasm-unsafe-eval' in the script-src of your Content-Security-Policy" },
  ],
  [/Unsupported device/, { code: 'misconfigured', advice: "check the option device, and the model's source" }],
  [/not supported in the current environment/, { code: 'unavailable', advice: 'use another engine' }],
  [
    /backend.*(CompileError|SyntaxError)/,
    { code: 'invalid_files', advice: "what wasmPaths names are not ONNX Runtime's files: mend the server" },
  ],
  [
    /dynamically imported module|importing a module script/,
    {
      code: 'download_failed',
      advice:
        'check that wasmPaths are served; with a Content-Security-Policy, allow blob: in script-src, or set wasmCache to false',
    },
  ],
  [
    /SyntaxError|protobuf|ERROR_CODE: 10\b|external data/i,
    { code: 'invalid_files', advice: 'the files are truncated or corrupted: mend the server' },
  ],
  [
    /network ?error|failed to fetch|load failed/i,
    { code: 'download_failed', advice: 'the connection broke: try again' },
  ],
  [
    /webgpuInit is not/,
    { code: 'misconfigured', advice: 'for WebGPU wasmPaths must name the .asyncify or the .jspi files' },
  ],
  [/webgpu/i, { code: 'insufficient_gpu', advice: 'take another model, or the device "wasm"' }],
]

/** Makes the error of a load, and takes files out of the cache that would make the next one fail as well. */
export async function loadFailure(info: ModelInfo, thrown: unknown, files: ModelFiles): Promise<EngineError> {
  const isRuntime = NO_RUNTIME.test(describe(thrown).message)
  const error = thrown instanceof EngineError ? thrown : explain(info, thrown, isRuntime, files)
  const { code } = error
  if (code === 'quota_exceeded') await files.discard((_, storedNow) => storedNow)
  // Whoever is not known to be innocent is suspected: a broken file may fail in any words.
  if (code === 'invalid_files' || code === 'load_failed') {
    await files.discard((url) => files.isModels(url) !== isRuntime)
  }
  return error
}

function explain(info: ModelInfo, thrown: unknown, isRuntime: boolean, files: ModelFiles): EngineError {
  const { name, message } = describe(thrown)
  const fail = (code: EngineErrorCode, what: string, advice: string) =>
    new ModelLoadError(info.id, `${info.id} could not be loaded: ${what}; ${advice}`, { code, cause: thrown })

  const refused = [...files.refusals].filter(([url]) => files.isModels(url) !== isRuntime)
  const list = refused.map(([url, answer]) => `${url} was answered with ${answer}`).join(', ')
  if (isRuntime && list) return fail('misconfigured', list, 'check wasmPaths')
  // A sound model too may lack files, but then it fails by neither of these.
  if (list && (name === 'ModelFileNotFoundError' || name === 'TypeError')) {
    return refused.some(([, answer]) => answer === 'HTML')
      ? fail('invalid_files', list, 'mend the server')
      : fail('model_not_found', list, "check modelBaseURL and the model's source")
  }
  const meaning = MEANINGS.find(([pattern]) => pattern.test(`${name}: ${message}`))?.[1]
  return fail(meaning?.code ?? 'load_failed', message, meaning?.advice ?? 'take another model')
}

/** Longest that a lost device is waited for, ms: what fails for its loss may fail a little before it is told. */
const LOSS_MS = 200

/** Makes the error of a generation; `device` is the GPU's, if the model runs on it. */
export async function generateFailure(thrown: unknown, device: DeviceFacts | undefined): Promise<EngineError> {
  const { name, message } = describe(thrown)
  if (device) {
    const late = new Promise<undefined>((resolve) => setTimeout(resolve, LOSS_MS))
    const loss = await Promise.race([device.lost, late])
    if (loss) return new EngineLostError(lossMessage(loss), { cause: thrown })
  }
  // After a trap the instance's memory may be in any state.
  if (name === 'RuntimeError' || typeof thrown === 'number' || message.startsWith('Aborted(')) {
    return new EngineLostError(`ONNX Runtime died (${message}); load the model again`, { cause: thrown })
  }
  const code = NO_MEMORY_WORDS.test(message) ? 'out_of_memory' : 'generate_failed'
  return new EngineError(`the generation failed: ${message}`, { stage: 'generate', code, cause: thrown })
}

export function lossMessage({ message }: { readonly message: string }): string {
  return `the GPU device was lost (${message}); load the model again`
}
