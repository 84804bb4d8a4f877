/** llama.cpp's failures in our words. */
import { describe } from '../../engine/error-message.ts'
import type { EngineErrorCode } from '../../errors/engine-error.ts'
import { EngineError } from '../../errors/engine-error.ts'
import { EngineLostError } from '../../errors/engine-lost-error.ts'
import { EngineUnsupportedError } from '../../errors/engine-unsupported-error.ts'
import type { Log } from './log.ts'
import type { ChatRequest } from './peer.ts'
import { ENGINE_NAME } from './source.ts'

const NO_MEMORY = /bad_alloc|\bOOM\b|out of memory|enlarge memory|failed to (re)?alloc|unable to alloc/i

/** What a load that failed says, in the order in which to look for it. */
const DIAGNOSES: { said: RegExp; code: EngineErrorCode; advice: string }[] = [
  {
    said: /^Worker error|CompileError|LinkError|Cannot allocate WebAssembly/m,
    code: 'worker_failed',
    advice: "; check wasmURL, and that the CSP allows worker-src blob: and script-src 'wasm-unsafe-eval'",
  },
  { said: NO_MEMORY, code: 'out_of_memory', advice: '; take a smaller model or contextWindow' },
  {
    said: /gguf_init_from|corrupted or incomplete|failed to read|missing tensor|wrong (shape|number of tensors)/i,
    code: 'invalid_files',
    advice: '; the file was deleted, mend the server',
  },
]

/** Why a model that is all there could not be loaded; `said` is all that was said. */
export function diagnose(said: string): { code: EngineErrorCode; advice: string } {
  return DIAGNOSES.find((diagnosis) => diagnosis.said.test(said)) ?? { code: 'load_failed', advice: '' }
}

/** What a generation threw. `accepted` says that llama.cpp took the request. */
export function generateFailure(thrown: unknown, log: Log, request: ChatRequest, accepted: boolean): EngineError {
  if (thrown instanceof EngineError) return thrown
  const { name, message } = describe(thrown)
  const reason = log.errors.at(-1)
  if (message.includes('exceeds the available context size')) {
    return new EngineError(message, { stage: 'generate', code: 'context_length_exceeded', cause: thrown })
  }
  // The package calls everything a RuntimeError. But what llama.cpp itself throws, it says, and survives.
  const survived = reason !== undefined && !log.trapped && !message.startsWith('(ABORT)')
  const crashed = name === 'RuntimeError' || message.startsWith('wllama has crashed')
  if (crashed && !survived) return new EngineLostError(`llama.cpp crashed: ${message}`, { cause: thrown })
  if (!accepted) return new EngineUnsupportedError(ENGINE_NAME, paramOf(request), reason ?? message)
  const code = NO_MEMORY.test(reason ?? message) ? 'out_of_memory' : 'generate_failed'
  return new EngineError(`generation failed: ${reason ?? message}`, { stage: 'generate', code, cause: thrown })
}

/** The field that llama.cpp most likely objects to. */
function paramOf({ response_format, tools }: ChatRequest): string {
  if (response_format) return 'responseFormat'
  return tools ? 'tools' : 'messages'
}
