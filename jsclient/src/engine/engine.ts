/**
 * The engine plug-in: software that runs a model in the page. Applications don't call it; the client does, and gives
 * every engine the same queueing, hand-over and reports. Authors of engines implement `Engine` and `LoadedModel`. In this
 * file *must* binds the engine, *guaranteed* binds its caller.
 */
import type { EngineErrorCode } from '../errors/engine-error.ts'
import type { EngineLostError } from '../errors/engine-lost-error.ts'
import type { ChatMessage, ChatResponseFormat, ChatTool, ChatToolCall, ChatToolChoice, ModelInfo } from '../wire.ts'

/**
 * What an engine can honour with at least one model; `ModelInfo.supports` narrows it to a model. The client tells the
 * policy, which sends a request elsewhere when this engine could not honour one of its fields.
 */
export interface EngineSupport {
  /** Calls tools. */
  readonly tools: boolean
  /** Constrains its output to a JSON Schema, not merely asks the model for JSON. */
  readonly jsonSchema: boolean
  /** Takes image parts. */
  readonly images: boolean
  /** False until `EngineEvent` can carry them: a request that asks for log probabilities goes to a server. */
  readonly logprobs: false
  /** Honours `EngineRequest.temperature` between 0 and 2, and is greedy at 0. */
  readonly temperature: boolean
  /** Honours `EngineRequest.topP`. */
  readonly topP: boolean
  /** The same seed, request and device give the same text. */
  readonly seed: boolean
  /** Honours `EngineRequest.stop`. */
  readonly stop: boolean
  /** 1 until `EngineEvent` can tell choices apart: a request that asks for several goes to a server. */
  readonly n: 1
  /** Honours `EngineRequest.continueFinalMessage`. */
  readonly continuation: boolean
  /** Keeps the key-value cache of the last answer for a prompt that goes on from it; `EngineUsage.cachedTokens` tells. */
  readonly prefixCache: boolean
  /** Most tokens of prompt and answer together, whatever the model; 0 = as many as the model takes. */
  readonly contextWindow: number
}

/**
 * One engine. Creating it must have no side effects: no worker, no storage, no download, no access to `navigator`.
 * Methods may be called concurrently. The caller is guaranteed to load a model at most once at a time.
 */
export interface Engine {
  /** Name on the wire, `ModelInfo.framework`: "webllm", "transformers.js", or a name of its own. */
  readonly name: string
  /** What is absent is not supported; `n` is then 1, and `contextWindow` 0. More fields may come. */
  readonly supports?: Partial<EngineSupport>
  /** Whether a prompt certainly stays on this device. Otherwise no `local-only` request comes here. Defaults to true. */
  readonly onDevice?: boolean
  /** What it keeps on the device. Absent: it keeps nothing, or the browser keeps it out of reach. */
  readonly store?: EngineStore

  /**
   * Why the engine can't run in this page at all, whatever the model: `insecure_context`, `unavailable`, or a code of its
   * own. The client then leaves it out of what it tells the policy. Absent, or undefined: it can. Must download nothing,
   * and must not reject.
   */
  obstacle?(): Promise<EngineErrorCode | undefined>

  /**
   * Whether the model's files are on this device. Must not download model files and should not load the engine. Must
   * never reject but with the signal's reason: whatever goes wrong means "absent".
   */
  status(model: ModelInfo, options?: StatusOptions): Promise<'absent' | 'cached'>

  /**
   * Downloads what is missing and makes the model resident.
   *
   * Must check that the device can run the model before the first byte of it is downloaded. Must stop downloading and
   * free what it took when the signal aborts, and then reject with `signal.reason`; a later load of the same model must
   * work. Every other failure must be an `EngineError` with stage "load". A stored file whose checksum is known must be
   * checked when it is read; one that fails must be removed and fetched again, as if it had never been there.
   */
  load(model: ModelInfo, options?: LoadOptions): Promise<LoadedModel>

  /** Ends everything: terminates workers, fails what runs. Must be idempotent, must not reject. A later load may fail. */
  dispose(): Promise<void>
}

/**
 * The files of models that an engine keeps on the device. Methods may be called concurrently, also while a model loads or
 * answers; a resident model must not need its files. Must touch no files but the engine's own. Rejections are the signal's
 * reason, or an `EngineError` with stage "load".
 */
export interface EngineStore {
  /**
   * Bytes that a load would fetch now: 0 = it is all here, undefined = nobody can say. May ask servers for headers and
   * small lists of files; must not fetch the files themselves.
   */
  missingBytes(model: ModelInfo, options?: StatusOptions): Promise<number | undefined>
  /** Bytes that are here of the model, also of one that is not whole; 0 = nothing is. */
  storedBytes(model: ModelInfo, options?: StatusOptions): Promise<number>
  /** Removes what is here of the model, earlier versions too. Must be idempotent. */
  remove(model: ModelInfo, options?: StatusOptions): Promise<void>
  /** Removes what earlier versions of the model left: files that were stored for its id and that it no longer has. */
  removeOld(model: ModelInfo, options?: StatusOptions): Promise<void>
}

/** Options of `Engine.status`, and of a store's methods. */
export interface StatusOptions {
  /** Ends the asking, which then rejects with the signal's reason. */
  signal?: AbortSignal | undefined
}

/** Options of `Engine.load`. */
export interface LoadOptions {
  /** Ends the load, downloads too. */
  signal?: AbortSignal | undefined
  /** Must not throw. Guaranteed to be cheap; the engine need not throttle, but should stay under 20 calls a second. */
  onProgress?: ((progress: LoadProgress) => void) | undefined
}

/** How far a load has come. */
export interface LoadProgress {
  /** 0..1. Must never fall during one load; 1 only when the load is complete. */
  progress: number
  /** "download" while bytes come from the network, "load" while they are read from disk, compiled or moved to the GPU. */
  stage: 'download' | 'load'
  /** Bytes that came from the network so far, if the engine knows. Must not fall. */
  loadedBytes?: number
  /** Bytes that must come from the network, if the engine knows. */
  totalBytes?: number
}

/** A resident model. */
export interface LoadedModel {
  readonly model: ModelInfo

  /**
   * Generates one answer. Nothing starts before the first `next()`.
   *
   * Yields any number of `delta` and then exactly one `done`. The tokens of all deltas must add up to
   * `usage.completionTokens`, which leaves out the token that ends the answer.
   *
   * Aborting, and leaving the loop early, must stop the engine within five tokens. An aborted call throws
   * `signal.reason` at once and yields nothing more; every other failure is an `EngineError` with stage "generate". A
   * field that can't be honoured must be an `EngineUnsupportedError` before anything is generated, and never dropped.
   *
   * Calls on one model may overlap: they must run one after another, each starting when the engine is idle again, and
   * one that is aborted while it waits must never start.
   */
  generate(request: EngineRequest, options?: GenerateOptions): AsyncIterable<EngineEvent>

  /**
   * Resolves, never rejects, when the engine dies under the model: GPU device lost, worker gone, stalled. Pending calls
   * then throw, later ones throw at once. Stays pending after `unload`.
   */
  readonly lost: Promise<EngineLostError>

  /** Frees the model. Pending calls throw `EngineError` "not_loaded". Must be idempotent, must not reject. */
  unload(): Promise<void>
}

/** Options of `LoadedModel.generate`. */
export interface GenerateOptions {
  /** Ends the answer. */
  signal?: AbortSignal | undefined
}

/** One request. Must not be modified by the engine. */
export interface EngineRequest {
  /** At least one. Text parts of a message are joined without a separator. */
  messages: ChatMessage[]
  /** Most tokens to generate, at least 1. Fewer are generated when the context window ends first. */
  maxTokens: number
  /** 0..2; 0 = greedy. Defaults to what the model's own files say, and where they say nothing to 0. */
  temperature?: number
  /** Above 0, up to 1. Defaults to what the model's own files say, and where they say nothing to 1. */
  topP?: number
  /** Texts that end the answer; they are not part of it. An empty list = none. */
  stop?: string[]
  /** Non-negative integer. Defaults to a random one. */
  seed?: number
  /** Defaults to text. */
  responseFormat?: ChatResponseFormat
  /** An empty list = none. */
  tools?: ChatTool[]
  /** Defaults to "auto" when there are tools. */
  toolChoice?: ChatToolChoice
  /** Go on with the last message, an assistant's, whose text must be a prefix of the answer and is not repeated. */
  continueFinalMessage?: boolean
}

/** What an answer is made of. */
export type EngineEvent =
  | {
      type: 'delta'
      /** May be empty, to account for tokens that have no text of their own. */
      text: string
      /** Tokens generated since the last delta. 0 with no text is a sign of life, while a long prompt is being read. */
      tokens: number
    }
  | {
      type: 'done'
      finishReason: 'stop' | 'length' | 'tool_calls' | 'content_filter'
      usage: EngineUsage
      /** Present when `finishReason` is "tool_calls". */
      toolCalls?: ChatToolCall[]
    }

/** Token counts of one answer. */
export interface EngineUsage {
  /** Tokens of the rendered prompt, chat template included. */
  promptTokens: number
  /** Tokens of the answer without its end token. */
  completionTokens: number
  /** Those of the prompt that were still in the key-value cache and cost no time; absent = not known. */
  cachedTokens?: number
}
