/** llama.cpp's failures in our words. */
import { describe } from '../../engine/describe.ts'
import type { EngineErrorCode } from '../../errors/engine-error.ts'
import { EngineError } from '../../errors/engine-error.ts'
import { EngineLostError } from '../../errors/engine-lost-error.ts'
import { EngineUnsupportedError } from '../../errors/engine-unsupported-error.ts'
import type { Log } from './log.ts'
import type { ChatRequest } from './peer.ts'
import { ENGINE_NAME } from './source.ts'

const NO_MEMORY =
  /bad_alloc|\bOOM\b|out of memory|enlarge memory|failed to (re)?alloc|unable to alloc|allocation failed/i

const DELETED = '; what was stored of the model was deleted'
const MEND = `${DELETED}, mend the server`

/** What a load that failed says, in the order in which to look for it. */
const DIAGNOSES: { said: RegExp; code: EngineErrorCode; advice: string }[] = [
  // Also where a spoiled length asks for more memory than there is.
  { said: /gguf_init_from/, code: 'invalid_files', advice: MEND },
  { said: NO_MEMORY, code: 'out_of_memory', advice: '; take a smaller model or contextWindow' },
  {
    said: /^Worker error|CompileError|LinkError|Cannot allocate WebAssembly/m,
    code: 'worker_failed',
    advice: "; check wasmURL, and that the CSP allows worker-src blob: and script-src 'wasm-unsafe-eval'",
  },
  {
    said: /corrupted or incomplete|failed to read|missing tensor|wrong (shape|number of tensors)/i,
    code: 'invalid_files',
    advice: MEND,
  },
]

/** Whatever else llama.cpp says of a model, its file may be to blame. */
const UNKNOWN = {
  code: 'load_failed' as const,
  advice: `${DELETED}; load again, and if that fails too, take a GGUF file made for this release of wllama`,
}

/** Why a model that is all there could not be loaded; `said` is all that was said. */
export function diagnose(said: string): { code: EngineErrorCode; advice: string } {
  return DIAGNOSES.find((diagnosis) => diagnosis.said.test(said)) ?? UNKNOWN
}

/** Whether the files must not be kept for the next load, which could only fail as well. */
export function suspectsFiles(error: unknown): boolean {
  return error instanceof EngineError && (error.code === 'invalid_files' || error.code === 'load_failed')
}

/** What to say of the end of the worker. */
export function crashText(message: string): string {
  return `llama.cpp crashed: ${message}; load the model anew, and if it crashes again, take a smaller one`
}

/** What a generation threw. `accepted` says that llama.cpp took the request. */
export function generateFailure(thrown: unknown, log: Log, request: ChatRequest, accepted: boolean): EngineError {
  if (thrown instanceof EngineError) return thrown
  const { name, message } = describe(thrown)
  const reason = log.errors.at(-1)
  if (message.includes('exceeds the available context size')) {
    const text = `${message}: shorten the conversation, or take a model with a larger contextWindow`
    return new EngineError(text, { stage: 'generate', code: 'context_length_exceeded', cause: thrown })
  }
  // The package calls everything a RuntimeError. But what llama.cpp itself throws, it says, and survives.
  const survived = reason !== undefined && !log.trapped && !message.startsWith('(ABORT)')
  const crashed = name === 'RuntimeError' || message.startsWith('wllama has crashed')
  if (crashed && !survived) return new EngineLostError(crashText(message), { cause: thrown })
  const fail = (code: EngineErrorCode, advice: string) =>
    new EngineError(`generation failed: ${reason ?? message}; ${advice}`, { stage: 'generate', code, cause: thrown })
  if (NO_MEMORY.test(`${reason}\n${message}`)) {
    return fail('out_of_memory', 'shorten the conversation, or take a smaller model or contextWindow')
  }
  if (!accepted) return new EngineUnsupportedError(ENGINE_NAME, paramOf(request), reason ?? message)
  return fail('generate_failed', 'ask again, and if that fails too, load the model anew')
}

/** The field that llama.cpp most likely objects to. */
function paramOf({ response_format, tools }: ChatRequest): string {
  if (response_format) return 'responseFormat'
  return tools ? 'tools' : 'messages'
}
