/**
 * The OpenAI chat-completions shapes that this package sends, receives and hands out.
 *
 * They are a subset, written out here so that the published types need no other package; every response type is
 * assignable to the official `openai` package's type of the same name (a type test proves it). Requests have all of
 * OpenAI's fields; those that no local engine knows are typed loosely and pass through to the server unchanged.
 */

/** A part of a message that is text. */
export interface ChatTextPart {
  type: 'text'
  text: string
}

/** One part of a message whose content is not plain text. */
export type ChatContentPart =
  | ChatTextPart
  | { type: 'image_url'; image_url: { url: string; detail?: 'auto' | 'low' | 'high' } }

/** A call of a tool that the model asks for. `arguments` is JSON text as the model wrote it, not checked. */
export interface ChatToolCall {
  id: string
  type: 'function'
  function: { name: string; arguments: string }
}

/** One turn of a chat, by who speaks. */
export type ChatMessage =
  | { role: 'system' | 'developer'; content: string | ChatTextPart[]; name?: string }
  | { role: 'user'; content: string | ChatContentPart[]; name?: string }
  | {
      role: 'assistant'
      content?: string | ChatTextPart[] | null
      name?: string
      refusal?: string | null
      tool_calls?: ChatToolCall[]
    }
  | { role: 'tool'; content: string | ChatTextPart[]; tool_call_id: string }

/** What OpenAI's messages may hold besides. No local engine takes it, so a server answers. */
export type ChatServerPart =
  | { type: 'image_url'; image_url: { url: string; detail?: string } }
  | { type: 'input_audio'; input_audio: object }
  | { type: 'file'; file: object }
  | { type: 'refusal'; refusal: string }

/** An answer of an assistant as OpenAI's requests have it. */
export interface ChatAssistantParam {
  role: 'assistant'
  content?: string | (ChatTextPart | ChatServerPart)[] | null
  name?: string
  refusal?: string | null
  tool_calls?: (ChatToolCall | { id: string; type: 'custom'; custom: object })[]
  function_call?: object | null
  audio?: object | null
}

/** A turn as OpenAI's requests have it: one that engines take, too, or one for a server alone. */
export type ChatMessageParam =
  | ChatMessage
  | ChatAssistantParam
  | { role: 'user'; content: string | (ChatContentPart | ChatServerPart)[]; name?: string }
  | { role: 'function'; content: string | null; name: string }

/** A function that the model may call. `parameters` is a JSON Schema. */
export interface ChatTool {
  type: 'function'
  function: { name: string; description?: string; parameters?: Record<string, unknown>; strict?: boolean | null }
}

/** Whether the model may call tools, must, or must call the one named. */
export type ChatToolChoice = 'none' | 'auto' | 'required' | { type: 'function'; function: { name: string } }

/** A tool as OpenAI's requests have it. No local engine knows the custom ones, so a server answers. */
export type ChatToolParam = ChatTool | { type: 'custom'; custom: object }

/** A choice among tools as OpenAI's requests have it. No local engine knows the last two, so a server answers. */
export type ChatToolChoiceParam =
  | ChatToolChoice
  | { type: 'allowed_tools'; allowed_tools: object }
  | { type: 'custom'; custom: object }

/** What the answer shall be: text, any JSON, or JSON that a schema describes. */
export type ChatResponseFormat =
  | { type: 'text' }
  | { type: 'json_object' }
  | {
      type: 'json_schema'
      json_schema: {
        name: string
        description?: string
        schema?: Record<string, unknown>
        strict?: boolean | null
      }
    }

/** OpenAI's request. */
export interface OpenAIChatRequest {
  messages: ChatMessage[]
  /** Model id, or "auto" for the server's default. Defaults to "auto". */
  model?: string
  /** Most tokens to generate; the older name of `max_completion_tokens`, which wins when both are given. */
  max_tokens?: number | null
  max_completion_tokens?: number | null
  temperature?: number | null
  top_p?: number | null
  /** Number of choices. Defaults to 1. */
  n?: number | null
  stop?: string | string[] | null
  seed?: number | null
  stream?: boolean | null
  stream_options?: { include_usage?: boolean } | null
  response_format?: ChatResponseFormat
  tools?: ChatTool[]
  tool_choice?: ChatToolChoice
  logprobs?: boolean | null
  top_logprobs?: number | null
  frequency_penalty?: number | null
  presence_penalty?: number | null
  /** Whether the chat template opens a new assistant turn; false together with `continue_final_message`. */
  add_generation_prompt?: boolean
  /** Continue the last message, an assistant's, instead of answering it (vLLM's name). */
  continue_final_message?: boolean
  logit_bias?: Record<string, number> | null
  parallel_tool_calls?: boolean
  reasoning_effort?: string | null
  verbosity?: string | null
  modalities?: string[] | null
  audio?: object | null
  prediction?: object | null
  moderation?: object | null
  web_search_options?: object
  functions?: object[]
  function_call?: string | object
  user?: string | null
  metadata?: Record<string, string> | null
  store?: boolean | null
  service_tier?: string | null
  safety_identifier?: string | null
  prompt_cache_key?: string | null
  prompt_cache_options?: object
  prompt_cache_retention?: string | null
}

/** Why an answer ended. */
export type ChatFinishReason = 'stop' | 'length' | 'tool_calls' | 'content_filter' | 'function_call'

/** Token counts of one completion. */
export interface ChatUsage {
  prompt_tokens: number
  completion_tokens: number
  total_tokens: number
  /** Absent when nobody counted them. */
  prompt_tokens_details?: { cached_tokens?: number }
}

/** A token of the answer, its log probability, and those of the likeliest in its place. */
export interface ChatTokenLogprob {
  token: string
  bytes: number[] | null
  logprob: number
  top_logprobs: { token: string; bytes: number[] | null; logprob: number }[]
}

/** Log probabilities of an answer's tokens. */
export interface ChatLogprobs {
  content: ChatTokenLogprob[] | null
  refusal: ChatTokenLogprob[] | null
}

/** A whole answer. */
export interface ChatCompletion {
  id: string
  object: 'chat.completion'
  /** Unix seconds. */
  created: number
  model: string
  choices: ChatCompletionChoice[]
  usage?: ChatUsage
}

/** One of the answer's choices. */
export interface ChatCompletionChoice {
  index: number
  message: { role: 'assistant'; content: string | null; refusal: string | null; tool_calls?: ChatToolCall[] }
  finish_reason: ChatFinishReason
  logprobs: ChatLogprobs | null
}

/** One event of a streamed completion. */
export interface ChatCompletionChunk {
  id: string
  object: 'chat.completion.chunk'
  /** Unix seconds. */
  created: number
  model: string
  /** Empty in the last chunk when usage was asked for. */
  choices: ChatCompletionChunkChoice[]
  usage?: ChatUsage | null
}

/** What a chunk adds to one of the choices. */
export interface ChatCompletionChunkChoice {
  index: number
  delta: ChatDelta
  finish_reason: ChatFinishReason | null
  logprobs?: ChatLogprobs | null
}

/** A piece of a message. */
export interface ChatDelta {
  role?: 'assistant'
  content?: string | null
  refusal?: string | null
  tool_calls?: ChatToolCallDelta[]
}

/** A piece of a tool call; pieces with the same `index` belong together and their `arguments` are concatenated. */
export interface ChatToolCallDelta {
  index: number
  id?: string
  type?: 'function'
  function?: { name?: string; arguments?: string }
}
