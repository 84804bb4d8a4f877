/** A request in WebLLM's dialect of OpenAI's. What it would ignore or misread is refused. */
import type { EngineRequest } from '../../engine/engine.ts'
import { checkConversation, textOf } from '../../engine/messages.ts'
import { EngineUnsupportedError } from '../../errors/engine-unsupported-error.ts'
import type { ChatMessage, ChatToolCall } from '../../wire.ts'
import type { ChatRequest, WebLLMMessage } from './peer.ts'
import { ENGINE_NAME } from './source.ts'

/** WebLLM calls tools with a few models only. */
export interface Dialect {
  modelId: string
  callsTools: boolean
}

/** Shares nothing with the request: WebLLM modifies what it is given. Stop texts are not in it, see `streamAnswer`. */
export function toChatRequest(request: EngineRequest, dialect: Dialect): ChatRequest {
  // A name it would put where the chat template's words for the role belong.
  checkConversation(request, ENGINE_NAME, ['tool_calls', 'tool_call_id'])
  if (request.continueFinalMessage) refuse('continueFinalMessage', 'it opens a new turn for every answer')
  const last = request.messages.at(-1)?.role
  if (last !== 'user' && last !== 'tool') refuse('messages', 'the last one must be of the user or of a tool')
  const chat: ChatRequest = {
    stream: true,
    stream_options: { include_usage: true },
    messages: request.messages.map((message, index) => toMessage(message, index, dialect)),
    max_tokens: request.maxTokens,
  }
  if (request.temperature !== undefined) chat.temperature = request.temperature
  if (request.topP !== undefined) chat.top_p = request.topP
  if (request.seed !== undefined) chat.seed = request.seed
  addFormat(chat, request)
  addTools(chat, request, dialect)
  return chat
}

function toMessage(message: ChatMessage, index: number, { modelId, callsTools }: Dialect): WebLLMMessage {
  const at = `messages[${index}]`
  const role = message.role === 'developer' ? 'system' : message.role
  if (role === 'system' && index > 0) refuse(at, 'it takes one system message, the first')
  // Arrays of parts are for its vision models only.
  const out: WebLLMMessage = { role, content: textOf(message.content, ENGINE_NAME, `${at}.content`) }
  const calls = message.role === 'assistant' ? (message.tool_calls ?? []) : []
  if (!callsTools && (message.role === 'tool' || calls.length > 0)) {
    refuse(at, `${modelId} is none of its models that call tools`)
  }
  if (message.role === 'tool') out.tool_call_id = message.tool_call_id
  // It reads the text of past messages only, and its models call tools by text.
  if (calls.length > 0) out.content += `${out.content && '\n'}${JSON.stringify(calls.map(toText))}`
  return out
}

function toText({ function: { name, arguments: text } }: ChatToolCall): { arguments: unknown; name: string } {
  try {
    return { arguments: JSON.parse(text), name }
  } catch {
    return { arguments: text, name }
  }
}

function addFormat(chat: ChatRequest, { responseFormat }: EngineRequest): void {
  if (!responseFormat || responseFormat.type === 'text') return
  const schema = responseFormat.type === 'json_schema' ? responseFormat.json_schema.schema : undefined
  // Its own "json_schema" is accepted and constrains nothing. This does, wants the schema as text, and fails without one.
  chat.response_format = { type: 'json_object', schema: JSON.stringify(schema ?? { type: 'object' }) }
}

function addTools(chat: ChatRequest, { tools, toolChoice = 'auto' }: EngineRequest, dialect: Dialect): void {
  if (!tools || tools.length === 0 || toolChoice === 'none') return
  if (toolChoice !== 'auto') refuse('toolChoice', 'it knows "auto" and "none" only')
  if (!dialect.callsTools) refuse('tools', `${dialect.modelId} is none of its models that call tools`)
  if (chat.messages[0]?.role === 'system') refuse('messages[0]', 'with tools it writes the system message itself')
  if (chat.response_format) refuse('responseFormat', 'with tools it sets the format itself')
  chat.tools = structuredClone(tools)
}

function refuse(param: string, reason: string): never {
  throw new EngineUnsupportedError(ENGINE_NAME, param, reason)
}
