/** A request's conversation for engines that render the model's chat template themselves, as text alone. */
import type { EngineRequest } from '../../engine/engine.ts'
import { checkConversation, textOf } from '../../engine/messages.ts'
import { EngineUnsupportedError } from '../../errors/engine-unsupported-error.ts'

/** What a chat template reads. */
export interface TemplateMessage {
  role: string
  content: string
}

/** Throws an `EngineUnsupportedError` for what can't be honoured; `engine` is its name. */
export function checkChat(request: EngineRequest, engine: string): void {
  const refuse = (param: string, reason: string): never => {
    throw new EngineUnsupportedError(engine, param, reason)
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
  }
  checkConversation(request, engine)
}

/**
 * The text that the model reads. To continue, the text so far follows the opening of a new assistant turn: what the model
 * would have read had it written that text itself. (Cutting the rendered history after the message, as Python does,
 * breaks with templates that trim or rewrite past answers.) `render` opens an assistant turn after the messages.
 */
export function renderChat(
  request: EngineRequest,
  engine: string,
  render: (messages: TemplateMessage[]) => string,
): string {
  const messages = request.messages.map((message, index) => ({
    role: message.role === 'developer' ? 'system' : message.role,
    content: textOf(message.content, engine, `messages[${index}].content`),
  }))
  if (!request.continueFinalMessage) return render(messages)
  return render(messages.slice(0, -1)) + (messages.at(-1)?.content ?? '')
}
