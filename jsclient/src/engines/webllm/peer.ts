/**
 * The part of `@mlc-ai/web-llm` (0.2.86) that this adapter uses, written out so that our types don't need the package.
 * Tests against the real package keep it true.
 */
export interface WebLLMPeer {
  CreateWebWorkerMLCEngine(worker: ChatWorker, modelId: string, config: MLCEngineConfig): Promise<MLCEngine>
  hasModelInCache(modelId: string, appConfig?: AppConfig): Promise<boolean>
  prebuiltAppConfig: AppConfig
  functionCallingModelIds: string[]
}

export interface ChatWorker {
  onmessage: ((event: MessageEvent) => void) | null
  postMessage(message: unknown): void
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
  cacheBackend?: 'cache' | 'indexeddb' | 'cross-origin' | 'opfs'
  opfsAccessMode?: 'async' | 'sync' | 'auto'
}

export interface ModelRecord {
  model: string
  model_id: string
  model_lib: string
  required_features?: string[]
  [field: string]: unknown
}

export interface MLCEngine {
  chat: { completions: { create(request: ChatRequest): Promise<AsyncIterable<ChatChunk>> } }
  interruptGenerate(): void
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
  response_format?: { type: 'json_object'; schema?: string }
  tools?: unknown[]
}

export interface WebLLMMessage {
  role: string
  content: string | null
  name?: string
  tool_calls?: unknown[]
  tool_call_id?: string
}

export interface ChatChunk {
  choices: {
    delta: { content?: string | null; tool_calls?: ToolCallChunk[] }
    finish_reason: 'stop' | 'length' | 'tool_calls' | 'abort' | null
  }[]
  usage?: { prompt_tokens: number; completion_tokens: number }
}

export interface ToolCallChunk {
  id?: string
  function?: { name?: string; arguments?: string }
}
