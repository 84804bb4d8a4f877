/** How an answer ended, in the AI SDK's words. */
import type {
  JSONObject,
  LanguageModelV4FinishReason,
  LanguageModelV4ResponseMetadata,
  LanguageModelV4ToolCall,
  LanguageModelV4Usage,
  SharedV4ProviderMetadata,
} from '@ai-sdk/provider'
import type { ChatFinishReason, ChatToolCall, ChatUsage } from '../chat.ts'
import type { RouteRecord } from '../routed.ts'

/** What the SDK calls them. */
const UNIFIED = {
  stop: 'stop',
  length: 'length',
  tool_calls: 'tool-calls',
  function_call: 'tool-calls',
  content_filter: 'content-filter',
} as const

/** A server may have reasons of its own. */
export function unified(reason: ChatFinishReason | undefined): LanguageModelV4FinishReason['unified'] {
  return (reason && UNIFIED[reason]) ?? 'other'
}

export function finishReasonOf(raw: ChatFinishReason | undefined): LanguageModelV4FinishReason {
  return { unified: unified(raw), raw }
}

/** What nobody counted is undefined: an estimate would pass for a count. */
export function usageOf(usage: ChatUsage | null | undefined): LanguageModelV4Usage {
  const total = usage?.prompt_tokens
  const cacheRead = usage?.prompt_tokens_details?.cached_tokens
  const noCache = total !== undefined && cacheRead !== undefined ? total - cacheRead : undefined
  return {
    inputTokens: { total, noCache, cacheRead, cacheWrite: undefined },
    outputTokens: { total: usage?.completion_tokens, text: undefined, reasoning: undefined },
    ...(usage && { raw: usage as unknown as JSONObject }),
  }
}

export function metadataOf(route: RouteRecord): SharedV4ProviderMetadata {
  return { edgewise: route as unknown as JSONObject }
}

/** The route record in `providerMetadata` of an answer, or in `metadata` of a message; undefined where there is none. */
export function routeOf(metadata: { readonly edgewise?: unknown } | undefined): RouteRecord | undefined {
  return metadata?.edgewise as RouteRecord | undefined
}

export function responseOf({ id, created, model }: { id: string; created: number; model: string }) {
  return { id, timestamp: new Date(created * 1000), modelId: model } satisfies LanguageModelV4ResponseMetadata
}

export function callOf({ id, function: { name, arguments: input } }: ChatToolCall): LanguageModelV4ToolCall {
  return { type: 'tool-call', toolCallId: id, toolName: name, input: input || '{}' }
}
