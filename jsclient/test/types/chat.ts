/** Checked by `npm run typecheck`: code written for the `openai` package takes our answers, and our requests suit it. */
import type OpenAI from 'openai'
import type { ChatRequest } from '../../src/client/options.ts'
import type {
  ChatCompletion,
  ChatCompletionChunk,
  ChatCompletionRequest,
  ChatMessage,
  ChatTool,
} from '../../src/wire.ts'

export const completion: (ours: ChatCompletion) => OpenAI.ChatCompletion = (ours) => ours
export const chunk: (ours: ChatCompletionChunk) => OpenAI.ChatCompletionChunk = (ours) => ours
export const message: (ours: ChatMessage) => OpenAI.ChatCompletionMessageParam = (ours) => ours
export const tool: (ours: ChatTool) => OpenAI.ChatCompletionTool = (ours) => ours

/** Messages and tools of theirs may have parts that ours don't; the other fields are taken as they are. */
type Theirs = Omit<OpenAI.ChatCompletionCreateParamsNonStreaming, 'messages' | 'tools' | 'tool_choice'>
export const request: (theirs: Theirs, messages: ChatMessage[]) => ChatRequest = (theirs, messages) => ({
  ...theirs,
  messages,
})
export const field: (theirs: keyof OpenAI.ChatCompletionCreateParams) => keyof ChatCompletionRequest = (name) => name

// @ts-expect-error A misspelt wish is no field.
export const typo: ChatRequest = { messages: [], privcay: 'local-only' }
export const extra: ChatRequest = { messages: [], extraBody: { top_k: 4 } }
