/** A request in llama-server's dialect of OpenAI's. What it would ignore or misread is refused. */
import type { EngineRequest } from '../../engine/engine.ts'
import { checkConversation, textOf } from '../../engine/messages.ts'
import { EngineUnsupportedError } from '../../errors/engine-unsupported-error.ts'
import type { ChatMessage } from '../../wire.ts'
import type { ChatRequest, TemplateMessage } from './peer.ts'
import { ENGINE_NAME } from './source.ts'

/** What the model's file says about itself, by GGUF key. */
export type Metadata = Readonly<Record<string, string>>

/** Longest answer that llama.cpp can be asked for. */
const MOST_TOKENS = 2 ** 31 - 1

/** The one seed that means a random one. */
const RANDOM_SEED = 2 ** 32 - 1

/** llama.cpp's own filters, switched off. */
const NO_FILTERS = { top_k: 0, top_p: 1, min_p: 0 }

/** Makes a new object. Stop texts are not in it, see `createAnswer`. */
export function toChatRequest(request: EngineRequest, metadata: Metadata): ChatRequest {
  checkConversation(request, ENGINE_NAME, ['tool_calls', 'tool_call_id'])
  // Without them in its template, llama.cpp drops tools and their messages in silence.
  const knowsTools = /\btools\b/.test(metadata['tokenizer.chat_template'] ?? '')
  const chat: ChatRequest = {
    messages: request.messages.map((message, index) => toMessage(message, index, knowsTools)),
    max_tokens: Math.min(request.maxTokens, MOST_TOKENS),
    cache_prompt: true,
    timings_per_token: true,
    ...sampling(request, metadata),
  }
  addFormat(chat, request)
  addTools(chat, request, knowsTools)
  if (request.continueFinalMessage) {
    if (request.messages.at(-1)?.role !== 'assistant') {
      refuse('continueFinalMessage', "the last message is not the assistant's")
    }
    if (chat.response_format) refuse('continueFinalMessage', 'a response format begins anew with every answer')
    chat.continue_final_message = true
    chat.add_generation_prompt = false
  }
  return chat
}

function toMessage(message: ChatMessage, index: number, knowsTools: boolean): TemplateMessage {
  const at = `messages[${index}]`
  const out: TemplateMessage = {
    role: message.role === 'developer' ? 'system' : message.role,
    content: textOf(message.content, ENGINE_NAME, `${at}.content`),
  }
  if (message.role === 'tool') {
    if (!knowsTools) refuse(`${at}.role`, "the model's chat template knows no tools")
    out.tool_call_id = message.tool_call_id
  }
  if (message.role === 'assistant' && message.tool_calls && message.tool_calls.length > 0) {
    if (!knowsTools) refuse(`${at}.tool_calls`, "the model's chat template knows no tools")
    out.tool_calls = structuredClone(message.tool_calls)
  }
  return out
}

/**
 * A request that names a temperature or a nucleus gets that alone: llama.cpp would cut more away than was asked for. What
 * the model's own file asks for stays; where that names no temperature either, the answer is greedy.
 */
function sampling({ temperature, topP, seed }: EngineRequest, metadata: Metadata): Partial<ChatRequest> {
  const options: Partial<ChatRequest> = {}
  if (temperature !== undefined || topP !== undefined) {
    for (const [name, off] of Object.entries(NO_FILTERS)) {
      if (metadata[`general.sampling.${name}`] === undefined) options[name as keyof typeof NO_FILTERS] = off
    }
  }
  if (temperature !== undefined) options.temperature = temperature
  else if (metadata['general.sampling.temp'] === undefined) options.temperature = 0
  if (topP !== undefined) options.top_p = topP
  if (seed !== undefined) options.seed = seed % RANDOM_SEED
  return options
}

function addFormat(chat: ChatRequest, { responseFormat }: EngineRequest): void {
  if (!responseFormat || responseFormat.type === 'text') return
  const schema = responseFormat.type === 'json_schema' ? responseFormat.json_schema.schema : undefined
  chat.response_format = schema
    ? { type: 'json_schema', json_schema: { schema: structuredClone(schema) } }
    : { type: 'json_object' }
}

function addTools(chat: ChatRequest, { tools = [], toolChoice = 'auto' }: EngineRequest, knowsTools: boolean): void {
  if (tools.length === 0 || toolChoice === 'none') return
  if (!knowsTools) refuse('tools', "the model's chat template knows none")
  if (chat.response_format) refuse('responseFormat', 'with tools the calls set the format')
  const named = typeof toolChoice === 'object' ? toolChoice.function.name : undefined
  const offered = tools.filter((tool) => named === undefined || tool.function.name === named)
  if (offered.length === 0) refuse('toolChoice', `there is no tool ${named}`)
  chat.tools = structuredClone(offered)
  // Of one tool that must be called there is no choice; llama.cpp knows no name here.
  chat.tool_choice = typeof toolChoice === 'object' ? 'required' : toolChoice
}

function refuse(param: string, reason: string): never {
  throw new EngineUnsupportedError(ENGINE_NAME, param, reason)
}
