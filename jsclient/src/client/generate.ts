import { defined } from '../defined.ts'
import { DEFAULT_MAX_TOKENS } from '../policy/tokens.ts'
import type { RouteRecord } from '../routed.ts'
import type { ChatFinishReason, ChatMessage, Target } from '../wire.ts'
import { type ExecutionEvent, finish } from './execute.ts'
import type { ChatRequest, GenerateOptions } from './options.ts'

/** What `generate` answers. */
export interface GenerateResult {
  text: string
  tokensUsed: { promptTokens: number; completionTokens: number; totalTokens: number }
  finishReason: ChatFinishReason
  /** Whole time, ms. */
  latency: number
  /** Who answered. */
  source: Target
  /** The model that answered. */
  model: string
  route: RouteRecord
}

/** The chat request that a simple call stands for. */
export function generateRequest(prompt: string, options: GenerateOptions): ChatRequest {
  const { maxTokens = DEFAULT_MAX_TOKENS, temperature, topP, stop, seed, system, ...rest } = options
  const { stream: _stream, onChunk: _onChunk, onRestart: _onRestart, ...routing } = rest
  const messages: ChatMessage[] = [{ role: 'user', content: prompt }]
  if (system !== undefined) messages.unshift({ role: 'system', content: system })
  return defined({ ...routing, messages, max_tokens: maxTokens, temperature, top_p: topP, stop, seed })
}

/** Whether the caller gets the text as it comes. */
export function isStreamed({ stream = true, onChunk }: GenerateOptions): boolean {
  return stream && onChunk !== undefined
}

/** Waits for the whole answer and hands out its pieces on the way. */
export async function toResult(
  events: AsyncIterable<ExecutionEvent>,
  options: GenerateOptions,
): Promise<GenerateResult> {
  const streamed = isStreamed(options)
  const { text, finishReason, route } = await finish(events, (event) => {
    if (event.type === 'delta' && streamed && event.text !== '') options.onChunk?.(event.text)
    if (event.type === 'reset') options.onRestart?.()
  })
  const { promptTokens, completionTokens, latencyMs, source, model } = route
  const tokensUsed = { promptTokens, completionTokens, totalTokens: promptTokens + completionTokens }
  return { text, tokensUsed, finishReason, latency: latencyMs, source, model, route }
}
