/**
 * The part of `@wllama/wllama` (3.8) that this adapter uses, written out so that neither our types nor our pages need the
 * package. A test against the real package keeps it true.
 */
import { EngineNotInstalledError } from '../../errors/engine-not-installed-error.ts'
import type { ChatToolCall } from '../../wire.ts'

export interface WllamaPeer {
  Wllama: new (paths: { default: string }, config: { logger: Logger }) => Wllama
}

/** Gets the package's messages, llama.cpp's lines among them, and the worker's uncaught errors as events. */
export interface Logger {
  debug(...what: unknown[]): void
  log(...what: unknown[]): void
  warn(...what: unknown[]): void
  error(...what: unknown[]): void
}

/** URLs of the two files of `@wllama/wllama-compat`. */
export interface WllamaCompat {
  worker: string
  wasm: string
}

export interface Wllama {
  /** null = none; a new instance would fetch its own from a CDN where the browser needs one. */
  setCompat(compat: WllamaCompat | null): void
  /** Resolves also when llama.cpp could not load the model. */
  loadModel(files: Blob[], parameters: LoadParameters): Promise<void>
  /** `n_vocab` is 0 when the model was not loaded. */
  getLoadedContextInfo(): { n_vocab: number; n_ctx: number; metadata: Record<string, string> }
  createChatCompletion(request: ChatRequest & ChatStream): Promise<void>
  /** Terminates the worker; what is pending never settles. */
  exit(): Promise<void>
  /** Undocumented. Present while a model is loaded. */
  readonly proxy: WorkerProxy | null
}

/** All calls to the worker go through it. */
export interface WorkerProxy {
  /** "completion" starts an answer, each "get_result" makes its next token, or reads a batch of the prompt. */
  wllamaAction(name: string, message: unknown): Promise<unknown>
  /** Made by `loadModel`, somewhat after the proxy. */
  readonly worker?: unknown
}

export interface LoadParameters {
  /** 0 = the window that the model was trained with. */
  n_ctx: number
  n_batch: number
  n_parallel: number
  n_gpu_layers: number
  n_threads?: number
  reasoning_format: 'none'
  prefill_assistant: boolean
}

export interface TemplateMessage {
  role: string
  content: string | null
  tool_calls?: ChatToolCall[]
  tool_call_id?: string
}

/** The body of a request to llama-server. */
export interface ChatRequest {
  messages: TemplateMessage[]
  max_tokens: number
  cache_prompt: boolean
  timings_per_token: boolean
  temperature?: number
  top_p?: number
  top_k?: number
  min_p?: number
  seed?: number
  tools?: unknown[]
  tool_choice?: 'auto' | 'required'
  response_format?: { type: string; json_schema?: { schema: unknown } }
  add_generation_prompt?: boolean
  continue_final_message?: boolean
}

export interface ChatStream {
  stream: true
  onData: (chunk: ChatChunk) => void
}

export interface ChatChunk {
  choices: {
    delta: { content?: string | null; tool_calls?: ToolCallPiece[] }
    finish_reason: 'stop' | 'length' | 'tool_calls' | null
  }[]
  timings?: Timings
}

/** Tokens so far: of the prompt, kept and read, and of the answer, its end token included. */
export interface Timings {
  cache_n: number
  prompt_n: number
  predicted_n: number
}

export interface ToolCallPiece {
  index: number
  id?: string
  function?: { name?: string; arguments?: string }
}

export const PACKAGE_NAME = '@wllama/wllama'

/** Modules are imported once, so this is cheap to repeat. */
export async function importPeer(moduleURL: string | undefined): Promise<WllamaPeer> {
  try {
    const module: unknown = moduleURL
      ? await import(/* @vite-ignore */ /* webpackIgnore: true */ moduleURL)
      : // The bare name resolves in some bundlers only: the package's `main` names a file that it lacks.
        await import('@wllama/wllama/esm/index.js')
    return module as WllamaPeer
  } catch (error) {
    throw new EngineNotInstalledError(PACKAGE_NAME, error)
  }
}
