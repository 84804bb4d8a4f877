/** Checked by `npm run typecheck`: code written for the `openai` package takes our answers, and our requests suit it. */
import type OpenAI from 'openai'
import type { ChatCompletion, ChatCompletionChunk, ChatMessage, ChatTool } from '../../src/wire.ts'

export const completion: (ours: ChatCompletion) => OpenAI.ChatCompletion = (ours) => ours
export const chunk: (ours: ChatCompletionChunk) => OpenAI.ChatCompletionChunk = (ours) => ours
export const message: (ours: ChatMessage) => OpenAI.ChatCompletionMessageParam = (ours) => ours
export const tool: (ours: ChatTool) => OpenAI.ChatCompletionTool = (ours) => ours
