/** The messages of a chat's UI as OpenAI's messages. */
import type { DynamicToolUIPart, ToolUIPart, UIMessage } from 'ai'
import type { ChatContentPart, ChatMessage, ChatToolCall } from '../chat.ts'
import { assistantTurn, filePart, refusalOf, textPart, toolCall, toolResult, userTurn } from './turns.ts'

type Part = UIMessage['parts'][number]

/**
 * What a model is told of a chat. Left out are data parts, sources, thoughts, files that a model made, and calls of tools
 * that have no result yet, or only the beginning of one. Throws an InvalidRequestError for a file that can't be sent.
 */
export function uiMessages(messages: readonly UIMessage[]): ChatMessage[] {
  return messages.flatMap(({ role, parts }): ChatMessage[] => {
    if (role === 'system') return [{ role, content: textOf(parts) }]
    if (role === 'assistant') return stepsOf(parts).flatMap(answerOf)
    const content = parts.flatMap((part): ChatContentPart[] => {
      if (part.type === 'text') return [textPart(part)]
      return part.type === 'file' ? [filePart(part.mediaType, part.url)] : []
    })
    return userTurn(content)
  })
}

function textOf(parts: readonly Part[]): string {
  return parts.map((part) => (part.type === 'text' ? part.text : '')).join('')
}

/** The parts of each step: a model is asked once a step. */
function stepsOf(parts: readonly Part[]): Part[][] {
  const steps: Part[][] = [[]]
  for (const part of parts) {
    if (part.type === 'step-start') steps.push([])
    else steps.at(-1)?.push(part)
  }
  return steps
}

function answerOf(parts: readonly Part[]): ChatMessage[] {
  const calls: ChatToolCall[] = []
  const results: ChatMessage[] = []
  for (const part of parts) {
    const output = isTool(part) ? outputOf(part) : undefined
    if (!isTool(part) || output === undefined) continue
    const name = part.type === 'dynamic-tool' ? part.toolName : part.type.slice('tool-'.length)
    calls.push(toolCall(part.toolCallId, name, part.input))
    results.push(toolResult(part.toolCallId, output))
  }
  return assistantTurn(textOf(parts), calls, results)
}

type ToolPart = ToolUIPart | DynamicToolUIPart

function isTool(part: Part): part is ToolPart {
  return part.type === 'dynamic-tool' || part.type.startsWith('tool-')
}

/** Undefined while there is none. */
function outputOf(part: ToolPart): string | undefined {
  if (part.state === 'output-error') return part.errorText
  if (part.approval?.approved === false) return refusalOf(part.approval.reason)
  if (part.state !== 'output-available' || part.preliminary) return undefined
  const { output = null } = part as { output?: unknown }
  return typeof output === 'string' ? output : JSON.stringify(output)
}
