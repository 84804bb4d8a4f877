/**
 * The part of `@mlc-ai/web-llm` (0.2.86) that this adapter uses, written out so that neither our types nor our pages need
 * the package. Tests against the real package keep it true.
 */
export interface WebLLMPeer {
  CreateMLCEngine(modelId: string, config: MLCEngineConfig): Promise<MLCEngine>
  hasModelInCache(modelId: string, appConfig: AppConfig): Promise<boolean>
  deleteModelAllInfoInCache(modelId: string, appConfig: AppConfig): Promise<void>
  prebuiltAppConfig: AppConfig
  functionCallingModelIds: string[]
}

export interface MLCEngineConfig {
  appConfig: AppConfig
  initProgressCallback: (report: InitProgressReport) => void
}

export interface InitProgressReport {
  /** 0..1, starting again with each phase. */
  progress: number
  text: string
}

/** Where WebLLM finds models and keeps them; passed through. */
export interface AppConfig {
  model_list: ModelRecord[]
  /** The store for models. Defaults to "cache", the Cache API. */
  cacheBackend?: 'cache' | 'indexeddb' | 'cross-origin' | 'opfs'
  /** How the store "opfs" is used. Defaults to "async". */
  opfsAccessMode?: 'async' | 'sync' | 'auto'
}

/** A model as WebLLM describes it; more fields are passed through. */
export interface ModelRecord {
  model: string
  model_id: string
  model_lib: string
  /** WebGPU features, such as "shader-f16". Absent = none. */
  required_features?: string[]
  /** Absent = files are taken as they come. */
  integrity?: ModelIntegrity
  [field: string]: unknown
}

/** Subresource Integrity of what is read at every load, also from the store. */
export interface ModelIntegrity {
  config?: string
  model_lib?: string
  /** By file. */
  tokenizer?: Record<string, string>
  onFailure?: 'error' | 'warn'
}

/** `MLCEngine`, or the `WebWorkerMLCEngine` that stands for one elsewhere. */
export interface MLCEngine {
  chat: { completions: { create(request: ChatRequest): Promise<AsyncIterable<ChatChunk>> } }
  interruptGenerate(): void
  unload(): Promise<void>
  /** Empties the key-value cache. */
  resetChat(keepStats: boolean, modelId: string): Promise<void>
  /** Rejects when no model is loaded. */
  getMessage(modelId: string): Promise<string>
}

export interface ChatRequest {
  stream: true
  stream_options: { include_usage: true }
  messages: WebLLMMessage[]
  max_tokens: number
  temperature?: number
  top_p?: number
  seed?: number
  response_format?: { type: 'json_object'; schema: string }
  tools?: unknown[]
}

export interface WebLLMMessage {
  role: string
  content: string
  tool_call_id?: string
}

export interface ChatChunk {
  choices: {
    delta: { content?: string | null; tool_calls?: ToolCallChunk[] }
    finish_reason: 'stop' | 'length' | 'tool_calls' | 'abort' | null
  }[]
  /** `prompt_tokens` leaves out those that the key-value cache still held. */
  usage?: { prompt_tokens: number; completion_tokens: number }
}

export interface ToolCallChunk {
  function?: { name?: string; arguments?: string }
}

/** Of `tensor-cache.json`, the list of the weights' files. */
export interface TensorManifest {
  records: { dataPath: string; nbytes: number }[]
}

/** Of `mlc-chat-config.json`. The tokenizer is the first of "tokenizer.json" and "tokenizer.model" that is listed. */
export interface ChatConfig {
  tokenizer_files: string[]
}
