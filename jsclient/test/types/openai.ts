/** Checked by `npm run typecheck`: what code that was written for the `openai` package passes to `create`, and gets. */
import type OpenAI from 'openai'
import type { HybridInferenceClient } from '../../src/client/client.ts'

declare const client: HybridInferenceClient
declare const whole: OpenAI.ChatCompletionCreateParamsNonStreaming
declare const streamed: OpenAI.ChatCompletionCreateParamsStreaming
declare const either: OpenAI.ChatCompletionCreateParams

export const completion: Promise<OpenAI.ChatCompletion> = client.chat.completions.create(whole)
export const chunks: Promise<AsyncIterable<OpenAI.ChatCompletionChunk>> = client.chat.completions.create(streamed)
export const one: Promise<OpenAI.ChatCompletion | AsyncIterable<OpenAI.ChatCompletionChunk>> =
  client.chat.completions.create(either)
