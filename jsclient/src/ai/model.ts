import type { LanguageModelV4, LanguageModelV4Content } from '@ai-sdk/provider'
import type { RoutedChatCompletion } from '../client/chat.ts'
import type { InferenceClient } from '../client/inference-client.ts'
import { either, readable } from './readable.ts'
import { chatRequest } from './request.ts'
import { callOf, finishReasonOf, metadataOf, responseOf, usageOf } from './result.ts'
import type { EdgewiseSettings } from './settings.ts'
import { streamParts } from './stream-parts.ts'

/** What a model needs of a client: any client of this package has it. */
export type CompletingClient = Pick<InferenceClient, 'chat'>

/**
 * A client as a model of the AI SDK: each call is decided on, and may run anywhere. `modelId` is what the server shall use;
 * a local answer comes from the model that the decision names.
 */
export function languageModel(client: CompletingClient, modelId: string, settings: EdgewiseSettings): LanguageModelV4 {
  const { completions } = client.chat
  return {
    specificationVersion: 'v4',
    provider: 'edgewise',
    modelId,
    // Whoever answers fetches images, where they can.
    supportedUrls: { 'image/*': [/^https?:/] },

    async doGenerate(call) {
      const { request, warnings } = chatRequest(modelId, settings, call)
      const completion = await completions.create({ ...request, stream: false }, { signal: call.abortSignal })
      return {
        content: contentOf(completion),
        finishReason: finishReasonOf(completion.choices[0]?.finish_reason),
        usage: usageOf(completion.usage),
        providerMetadata: metadataOf(completion.route),
        request: { body: request },
        response: responseOf(completion),
        warnings,
      }
    },

    async doStream(call) {
      const { request, warnings } = chatRequest(modelId, settings, call)
      const work = new AbortController()
      const signal = either(work, call.abortSignal)
      const asked = { ...request, stream: true, stream_options: { include_usage: true } } as const
      const stream = await completions.create(asked, { signal })
      const options = { warnings, raw: call.includeRawChunks, signal }
      return { stream: readable(work, () => streamParts(stream, options)), request: { body: request } }
    },
  }
}

function contentOf({ choices }: RoutedChatCompletion): LanguageModelV4Content[] {
  const { content, refusal, tool_calls = [] } = choices[0]?.message ?? {}
  const text = content || refusal
  return [...(text ? [{ type: 'text', text } as const] : []), ...tool_calls.map(callOf)]
}
