/** The AI SDK's prompt as OpenAI's messages. */
import type {
  LanguageModelV4FilePart,
  LanguageModelV4Message,
  LanguageModelV4Prompt,
  LanguageModelV4ToolResultOutput,
  LanguageModelV4ToolResultPart,
} from '@ai-sdk/provider'
import type { ChatContentPart, ChatMessage, ChatToolCall } from '../chat.ts'
import { assistantTurn, filePart, refusalOf, textPart, toolCall, toolResult, userTurn } from './turns.ts'

/** Told what of a prompt no model gets. */
export type OnDropped = (what: string) => void

/**
 * Throws an InvalidRequestError for what can be neither said in a chat message nor left out. What other providers' models
 * thought or made besides text is left out.
 */
export function chatMessages(prompt: LanguageModelV4Prompt, dropped: OnDropped): ChatMessage[] {
  return prompt.flatMap((message) => messagesOf(message, dropped))
}

function messagesOf(message: LanguageModelV4Message, dropped: OnDropped): ChatMessage[] {
  switch (message.role) {
    case 'system':
      return [{ role: 'system', content: message.content }]
    case 'user':
      return userTurn(message.content.map((part) => (part.type === 'text' ? textPart(part) : fileOf(part))))
    case 'assistant':
      return answerOf(message.content, dropped)
    case 'tool':
      return message.content.flatMap((part) => (part.type === 'tool-result' ? [resultOf(part)] : []))
  }
}

function fileOf({ mediaType, data }: LanguageModelV4FilePart): ChatContentPart {
  if (data.type === 'text') return textPart(data)
  if (data.type === 'data') return filePart(mediaType, `data:${mediaType};base64,${base64Of(data.data)}`)
  return filePart(mediaType, data.type === 'url' ? data.url.href : '')
}

function base64Of(data: Uint8Array | string): string {
  return typeof data === 'string' ? data : btoa(Array.from(data, (byte) => String.fromCharCode(byte)).join(''))
}

/** A turn, and the results of those tools that ran where the model is. */
function answerOf(
  parts: Extract<LanguageModelV4Message, { role: 'assistant' }>['content'],
  dropped: OnDropped,
): ChatMessage[] {
  let text = ''
  const calls: ChatToolCall[] = []
  const results: ChatMessage[] = []
  for (const part of parts) {
    if (part.type === 'text') text += part.text
    else if (part.type === 'tool-call') calls.push(toolCall(part.toolCallId, part.toolName, part.input))
    else if (part.type === 'tool-result') results.push(resultOf(part))
    else dropped(`${part.type} of an earlier answer`)
  }
  return assistantTurn(text, calls, results)
}

function resultOf({ toolCallId, output }: LanguageModelV4ToolResultPart): ChatMessage {
  return toolResult(toolCallId, textOf(output))
}

function textOf(output: LanguageModelV4ToolResultOutput): string {
  switch (output.type) {
    case 'text':
    case 'error-text':
      return output.value
    case 'execution-denied':
      return refusalOf(output.reason)
    case 'content':
      return output.value.map((part) => (part.type === 'text' ? part.text : JSON.stringify(part))).join('\n')
    default:
      return JSON.stringify(output.value)
  }
}
