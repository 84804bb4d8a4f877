import type { OpenString } from '../wire.ts'
import { EdgewiseError, isEdgewiseError } from './edgewise-error.ts'

/** What an engine was doing when it failed. */
export type EngineStage = 'load' | 'generate'

/**
 * Why an engine failed. Codes may travel in reports and metrics; messages may not. More may come, and engines may have
 * their own: treat one that you don't know as `load_failed` or `generate_failed`, by the stage.
 *
 * | code | meaning | worth trying |
 * |---|---|---|
 * | `not_installed` | the engine's npm package is missing, or its module URL is wrong | another engine |
 * | `misconfigured` | an option that the adapter needs is missing or wrong | another engine |
 * | `worker_failed` | the worker did not start: script not found, blocked by CSP, or its imports failed | another engine |
 * | `protocol` | the worker speaks another version of the protocol | rebuild the worker |
 * | `insecure_context` | the page is not of a secure origin (https, or localhost) | serve the page by https |
 * | `unavailable` | the browser lacks what the engine is built on | another engine |
 * | `activation_required` | the browser wants a click or a key press first | the same from a click's handler |
 * | `no_webgpu` | no WebGPU adapter here | another engine |
 * | `insufficient_gpu` | the adapter lacks a feature or a limit that the model needs | another model |
 * | `declined` | the user, or who speaks for them, said no to the download | another model, or ask again by `preload` |
 * | `metered_network` | the connection is metered or saves data, and nobody was asked | pass `onOffer`, or wait |
 * | `model_not_found` | the model, its files or its record don't exist | another model |
 * | `download_failed` | the network or the store failed while files were fetched | the same again |
 * | `invalid_files` | files came and are not the model's: truncated, corrupted, or a page of HTML | mend the server |
 * | `quota_exceeded` | the origin's storage is full | a smaller model |
 * | `out_of_memory` | memory, the GPU's or the process's, ran out | a smaller model |
 * | `load_failed` | any other failure to load | another model |
 * | `not_loaded` | the model was unloaded, or never finished loading | load again |
 * | `unsupported` | the request asks for what this engine or model can't honour | another engine |
 * | `context_length_exceeded` | prompt and answer don't fit the context window | another model |
 * | `stalled` | no token came in time; the worker was terminated | another engine |
 * | `interrupted` | generation ended early although nobody aborted it | the same again |
 * | `generate_failed` | any other failure to generate | another engine |
 * | `lost` | the engine died: device lost, worker gone | load again |
 */
export type EngineErrorCode = OpenString<
  | 'not_installed'
  | 'misconfigured'
  | 'worker_failed'
  | 'protocol'
  | 'insecure_context'
  | 'unavailable'
  | 'activation_required'
  | 'no_webgpu'
  | 'insufficient_gpu'
  | 'declined'
  | 'metered_network'
  | 'model_not_found'
  | 'download_failed'
  | 'invalid_files'
  | 'quota_exceeded'
  | 'out_of_memory'
  | 'load_failed'
  | 'not_loaded'
  | 'unsupported'
  | 'context_length_exceeded'
  | 'stalled'
  | 'interrupted'
  | 'generate_failed'
  | 'lost'
>

/** Whether a code says that nobody agreed to a download, which is no failure of anything. */
export function isRefusal(code: string | null | undefined): boolean {
  return code === 'declined' || code === 'metered_network'
}

/** Options of {@link EngineError}. */
export interface EngineErrorOptions {
  stage: EngineStage
  code: EngineErrorCode
  /** What the engine itself threw. */
  cause?: unknown
}

/**
 * A local engine failed to load a model or to generate. The base of every error that an engine throws, except an abort,
 * which throws the signal's own reason.
 */
export class EngineError extends EdgewiseError {
  /** The name of the class, or of the subclass. */
  override readonly name: string = 'EngineError'
  /** Why it failed; the table says what is worth trying. */
  declare readonly code: EngineErrorCode
  /** What the engine was doing. */
  readonly stage: EngineStage

  constructor(message: string, options: EngineErrorOptions) {
    super(message, { code: options.code, ...(options.cause !== undefined && { cause: options.cause }) })
    this.stage = options.stage
  }
}

/** Whether `error` is an `EngineError` or one of its subclasses. */
export function isEngineError(error: unknown): error is EngineError {
  return isEdgewiseError(error) && 'stage' in error
}
