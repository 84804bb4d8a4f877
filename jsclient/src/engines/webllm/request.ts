/** A request in WebLLM's dialect of OpenAI's. What it would ignore or misread is refused. */
import type { EngineRequest } from '../../engine/engine.ts'
import { refuseChoicesAndLogprobs, requireMessages, textOf } from '../../engine/messages.ts'
import { EngineUnsupportedError } from '../../errors/engine-unsupported-error.ts'
import type { ChatMessage } from '../../wire.ts'
import type { ChatRequest, WebLLMMessage } from './peer.ts'
import { ENGINE_NAME } from './record.ts'

export interface Dialect {
  modelId: string
  /** Ids that the package calls tools with. */
  toolModelIds: readonly string[]
}

/** Makes a new object: WebLLM modifies the request that it is given. Stop texts are not in it, see `createRun`. */
export function toChatRequest(request: EngineRequest, dialect: Dialect): ChatRequest {
  requireMessages(request.messages, ENGINE_NAME)
  refuseChoicesAndLogprobs(request, ENGINE_NAME)
  if (request.continueFinalMessage) refuse('continueFinalMessage', 'it opens a new turn for every answer')
  const chat: ChatRequest = {
    stream: true,
    stream_options: { include_usage: true },
    messages: request.messages.map(toMessage),
    max_tokens: request.maxTokens,
  }
  const last = request.messages.at(-1)?.role
  if (last !== 'user' && last !== 'tool') refuse('messages', 'the last one must be of the user or of a tool')
  if (request.temperature !== undefined) chat.temperature = request.temperature
  if (request.topP !== undefined) chat.top_p = request.topP
  if (request.seed !== undefined) chat.seed = request.seed
  addFormat(chat, request)
  addTools(chat, request, dialect)
  return chat
}

function toMessage(message: ChatMessage, index: number): WebLLMMessage {
  const at = `messages[${index}]`
  const role = message.role === 'developer' ? 'system' : message.role
  if (role === 'system' && index > 0) refuse(at, 'it takes one system message, the first')
  // Arrays of parts are for its vision models only.
  const out: WebLLMMessage = { role, content: textOf(message.content, ENGINE_NAME, `${at}.content`) }
  if (message.role === 'user' && message.name !== undefined) out.name = message.name
  if (message.role === 'tool') out.tool_call_id = message.tool_call_id
  if (message.role === 'assistant' && message.tool_calls && message.tool_calls.length > 0) {
    out.tool_calls = structuredClone(message.tool_calls)
    if (out.content === '') out.content = null
  }
  return out
}

function addFormat(chat: ChatRequest, { responseFormat }: EngineRequest): void {
  if (!responseFormat || responseFormat.type === 'text') return
  chat.response_format = { type: 'json_object' }
  // Its own "json_schema" is accepted and constrains nothing; this does, and wants the schema as text.
  const schema = responseFormat.type === 'json_schema' ? responseFormat.json_schema.schema : undefined
  if (schema) chat.response_format.schema = JSON.stringify(schema)
}

function addTools(chat: ChatRequest, request: EngineRequest, { modelId, toolModelIds }: Dialect): void {
  const { tools, toolChoice = 'auto' } = request
  if (!tools || tools.length === 0 || toolChoice === 'none') return
  if (toolChoice !== 'auto') refuse('toolChoice', 'it knows "auto" and "none" only')
  if (!toolModelIds.includes(modelId)) refuse('tools', `${modelId} is none of its models that call tools`)
  if (chat.messages[0]?.role === 'system') refuse('messages[0]', 'with tools it writes the system message itself')
  if (chat.response_format) refuse('responseFormat', 'with tools it sets the format itself')
  chat.tools = structuredClone(tools)
}

function refuse(param: string, reason: string): never {
  throw new EngineUnsupportedError(ENGINE_NAME, param, reason)
}
