/** What the author of an engine hands to the conformance suite, and what comes out of it. */
import type { Engine, EngineRequest, LoadedModel } from '../../engine/engine.ts'
import type { EngineErrorCode } from '../../errors/engine-error.ts'
import type { ModelInfo } from '../../wire.ts'

/** An engine to be checked. What is optional lets more be checked. */
export interface Subject {
  /** Makes an engine. The checks dispose every one of them, and none shares anything with another but its files. */
  create(): Engine
  /** A model that loads, and whose `framework` is the engine's name. */
  model: ModelInfo
  /**
   * A request of one user message whose greedy answer has at least 16 tokens and is ended by the model, within
   * `maxTokens`. With temperature 0 where the engine supports temperature, without any where it doesn't.
   */
  request: EngineRequest
  /**
   * Tokens that engines of this subject have generated so far, also those after an abort, which nobody sees: count where
   * they are made. End tokens may be left out, or not.
   */
  generatedTokens(): number
  /** Whether the same greedy request gives the same text. Defaults to true. */
  deterministic?: boolean
  /** Whether answers at temperature 2 differ with the seed; false where tokens come from a script. Defaults to true. */
  samples?: boolean
  /** What the engines of this subject hold now: live workers, sessions, devices. Must be 0 when all are disposed. */
  resources?(): number | Promise<number>
  /** Requests for model files so far. Defaults to the page's own calls of `fetch`. */
  downloads?(): number | Promise<number>
  /** Lets the engine die under the model as it might in the field: terminates its worker, crashes its GPU process. */
  crash?(loaded: LoadedModel): void | Promise<void>
  /** The model as it was before: of the same id, but another `source`, with a file that `model` has not. It loads. */
  earlier?: ModelInfo
  /** What else goes wrong in the field. */
  faults?: readonly SubjectFault[]
  /** Longest that one check may take, real ms; then it fails and says so. Defaults to 120,000. */
  patienceMs?: number
}

/** Something that goes wrong: a file that is missing, a store that is full, a prompt that is too long. */
export interface SubjectFault {
  /** Such as "missing", "html", "truncated", "corrupted", "cut" or "quota". */
  name: string
  /** The model whose load fails, or with `request`, that loads and fails to answer. */
  model: ModelInfo
  /** Present: it is this request that fails. */
  request?: EngineRequest
  /** Codes that the error may have. */
  codes: readonly EngineErrorCode[]
  /** Whether something underneath threw, so that the error must have a `cause`. Defaults to false. */
  hasCause?: boolean
  /** Brings the fault about. Defaults to nothing: the model alone does. */
  begin?(): void | Promise<void>
  /** Takes it away, so that the same model loads: what is broken must not stay in a cache. Defaults to none: it stays. */
  mend?(): void | Promise<void>
}

/** One thing that an engine must do. */
export interface Check {
  /** What holds, in words; unique, and the same whatever the subject. */
  name: string
  /**
   * Resolves when it holds, rejects with an error that says what does not. `context.skip` is called when the engine
   * doesn't declare what the check is about, or the subject lacks the hook; the test context of most runners will do.
   * With `context.keep` a check that only asks for answers leaves its model loaded for the next one: quicker where a load
   * takes its time. A check that needs an engine of its own ends that model first, as the last of the list does.
   */
  run(context?: { skip?(reason: string): void; keep?: boolean }): Promise<void>
}
