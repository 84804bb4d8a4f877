/** A request's conversation as the text that the model reads. */
import type { EngineRequest } from '../../engine/engine.ts'
import { refuseChoicesAndLogprobs, requireMessages, textOf } from '../../engine/messages.ts'
import { EngineUnsupportedError } from '../../errors/engine-unsupported-error.ts'
import type { Tokenizer } from './peer.ts'
import { ENGINE_NAME } from './source.ts'

/** Throws an `EngineUnsupportedError` for what can't be honoured. */
export function checkRequest(request: EngineRequest): void {
  requireMessages(request.messages, ENGINE_NAME)
  refuseChoicesAndLogprobs(request, ENGINE_NAME)
  const refuse = (param: string, reason: string): never => {
    throw new EngineUnsupportedError(ENGINE_NAME, param, reason)
  }
  if (request.tools && request.tools.length > 0) refuse('tools', 'it has no parser for tool calls')
  if (request.responseFormat && request.responseFormat.type !== 'text') {
    refuse('responseFormat', 'it does not constrain what the model writes')
  }
  const last = request.messages.at(-1)
  if (request.continueFinalMessage && last?.role !== 'assistant') {
    refuse('continueFinalMessage', "the last message is not the assistant's")
  }
  for (const [index, message] of request.messages.entries()) {
    if (message.role === 'tool') refuse(`messages[${index}].role`, 'it knows no tool messages')
    if (message.role === 'assistant' && message.tool_calls && message.tool_calls.length > 0) {
      refuse(`messages[${index}].tool_calls`, 'it knows no tool calls')
    }
  }
}

/**
 * Renders the chat template. To continue, the text so far follows the opening of a new assistant turn: what the model
 * would have read had it written that text itself. (The package has no `continue_final_message`, and cutting the
 * rendered history after the message, as Python does, breaks with templates that trim or rewrite past answers.)
 */
export function renderPrompt(request: EngineRequest, tokenizer: Tokenizer): string {
  const messages = request.messages.map((message, index) => ({
    role: message.role === 'developer' ? 'system' : message.role,
    content: textOf(message.content, ENGINE_NAME, `messages[${index}].content`),
  }))
  const open = { tokenize: false, add_generation_prompt: true } as const
  if (!request.continueFinalMessage) return tokenizer.apply_chat_template(messages, open)
  return tokenizer.apply_chat_template(messages.slice(0, -1), open) + (messages.at(-1)?.content ?? '')
}
