/** OpenAI's messages, as both kinds of prompt are made of them. */
import type { ChatContentPart, ChatMessage, ChatTextPart, ChatToolCall } from '../chat.ts'
import { InvalidRequestError } from '../errors/invalid-request-error.ts'

/** A user's turn; none if they said nothing. */
export function userTurn(parts: ChatContentPart[]): ChatMessage[] {
  const [first, ...others] = parts
  if (!first) return []
  return [{ role: 'user', content: first.type === 'text' && others.length === 0 ? first.text : parts }]
}

/** A model's turn, and what its tools made of it; without either there is none. */
export function assistantTurn(content: string, calls: ChatToolCall[], results: ChatMessage[]): ChatMessage[] {
  const isEmpty = !content && calls.length === 0
  const tool_calls = calls.length > 0 && { tool_calls: calls }
  return isEmpty ? results : [{ role: 'assistant', content: content || null, ...tool_calls }, ...results]
}

export function toolCall(id: string, name: string, input: unknown = {}): ChatToolCall {
  return { id, type: 'function', function: { name, arguments: JSON.stringify(input) } }
}

export function toolResult(id: string, content: string): ChatMessage {
  return { role: 'tool', tool_call_id: id, content }
}

/** What a model is told of a tool that was not let run. */
export function refusalOf(reason: string | undefined): string {
  return reason ?? 'The user said no.'
}

/** Without what else may be in it. */
export function textPart({ text }: { text: string }): ChatTextPart {
  return { type: 'text', text }
}

/** An image, or a file of text in base64. Throws an InvalidRequestError for what no chat message can hold. */
export function filePart(mediaType: string, url: string): ChatContentPart {
  if (mediaType.startsWith('image')) return { type: 'image_url', image_url: { url } }
  const [, body] = url.split(';base64,')
  if (body !== undefined && mediaType.startsWith('text')) {
    const bytes = Uint8Array.from(atob(body), (char) => char.charCodeAt(0))
    return textPart({ text: new TextDecoder().decode(bytes) })
  }
  throw new InvalidRequestError(`No file of type ${mediaType} can be sent. Send images, or text.`, {
    param: 'messages',
  })
}
