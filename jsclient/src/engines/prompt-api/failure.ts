/** The browser's failures in our words. */
import { describe } from '../../engine/describe.ts'
import type { EngineErrorCode } from '../../errors/engine-error.ts'
import { EngineError } from '../../errors/engine-error.ts'
import { EngineLostError } from '../../errors/engine-lost-error.ts'
import { ModelLoadError } from '../../errors/engine-model-load-error.ts'
import { EngineUnsupportedError } from '../../errors/engine-unsupported-error.ts'
import { ENGINE_NAME } from './options.ts'

const LOAD_FAILURES: Record<string, [EngineErrorCode, string]> = {
  NotSupportedError: ['unavailable', 'this browser has no model for this page; iframes need allow="language-model"'],
  NotAllowedError: ['activation_required', 'load it when the user clicks, the browser downloads its model only then'],
  NetworkError: ['download_failed', 'try again'],
  QuotaExceededError: ['quota_exceeded', 'make room on the disk'],
}

export function loadFailure(model: string, cause: unknown): ModelLoadError {
  const { name, message } = describe(cause)
  const [code, advice] = LOAD_FAILURES[name] ?? ['load_failed', 'try again']
  return new ModelLoadError(model, `${model} could not be loaded: ${advice}. ${name}: ${message}`, { code, cause })
}

/** Names that say that a session is dead, or that the browser forbids what it allowed when the model was loaded. */
const DEATH = /InvalidState|Abort|NotAllowed/
const REFUSAL = /NotSupported|Encoding/

/** `param` is the field that the browser would refuse; empty = it is too late for a refusal. */
export function generateFailure(cause: unknown, param: string): EngineError {
  if (cause instanceof EngineError) return cause
  const { name, message } = describe(cause)
  const text = `${name}: ${message}`
  if (DEATH.test(name)) {
    return new EngineLostError(`load the model again: ${text}`, { cause })
  }
  if (param && REFUSAL.test(name)) return new EngineUnsupportedError(ENGINE_NAME, param, text)
  if (name === 'QuotaExceededError') return tooLong(text, cause)
  return failed('generate_failed', `the browser failed. ${text}`, cause)
}

export function tooLong(reason: string, cause?: unknown): EngineError {
  return failed('context_length_exceeded', `shorten the conversation: ${reason}`, cause)
}

export function failed(code: EngineErrorCode, message: string, cause?: unknown): EngineError {
  return new EngineError(message, { stage: 'generate', code, cause })
}

export function refuse(param: string, reason: string): never {
  throw new EngineUnsupportedError(ENGINE_NAME, param, reason)
}
