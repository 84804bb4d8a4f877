/** A call of the AI SDK as a chat request. */
import type { LanguageModelV4CallOptions, SharedV4Warning } from '@ai-sdk/provider'
import type { ChatResponseFormat, ChatTool, ChatToolChoice } from '../chat.ts'
import type { ChatRequest } from '../client/options.ts'
import { defined } from '../defined.ts'
import { chatMessages } from './messages.ts'
import type { EdgewiseSettings } from './settings.ts'

type Call = LanguageModelV4CallOptions

/** A request, and what of the call nobody will honour. */
export interface Asked {
  readonly request: ChatRequest
  readonly warnings: SharedV4Warning[]
}

/** Throws an InvalidRequestError for what can't be said in a chat request. */
export function chatRequest(modelId: string, settings: EdgewiseSettings, call: Call): Asked {
  const dropped = new Set<string>()
  const drop = (feature: string): void => void dropped.add(feature)
  const { topK, headers = {}, tools = [], toolChoice: choice, reasoning } = call
  if (topK !== undefined) drop('topK')
  // The SDK adds who it is by itself.
  if (Object.keys(defined(headers)).some((name) => name !== 'user-agent')) drop('headers')
  for (const tool of tools) if (tool.type === 'provider') drop(`tool ${tool.id}`)
  const functions = tools.filter((tool) => tool.type === 'function').map(functionOf)
  const request = {
    ...settings,
    ...call.providerOptions?.edgewise,
    ...defined({
      model: modelId,
      messages: chatMessages(call.prompt, drop),
      max_tokens: call.maxOutputTokens,
      temperature: call.temperature,
      top_p: call.topP,
      stop: call.stopSequences,
      seed: call.seed,
      presence_penalty: call.presencePenalty,
      frequency_penalty: call.frequencyPenalty,
      response_format: formatOf(call.responseFormat),
      reasoning_effort: reasoning === 'provider-default' ? undefined : reasoning,
    }),
    ...(functions.length > 0 && defined({ tools: functions, tool_choice: choiceOf(choice) })),
  }
  return { request, warnings: [...dropped].map((feature) => ({ type: 'unsupported', feature })) }
}

type FunctionTool = Extract<NonNullable<Call['tools']>[number], { type: 'function' }>

function functionOf({ name, description, inputSchema, strict }: FunctionTool): ChatTool {
  const parameters = inputSchema as Record<string, unknown>
  return { type: 'function', function: defined({ name, description, parameters, strict }) }
}

function choiceOf(choice: Call['toolChoice']): ChatToolChoice | undefined {
  return choice?.type === 'tool' ? { type: 'function', function: { name: choice.toolName } } : choice?.type
}

function formatOf(format: Call['responseFormat']): ChatResponseFormat | undefined {
  if (format?.type !== 'json') return undefined
  const { name = 'answer', description, schema } = format
  if (!schema) return { type: 'json_object' }
  const described = defined({ name, description, schema: schema as Record<string, unknown>, strict: true })
  return { type: 'json_schema', json_schema: described }
}
