import { defined } from '../defined.ts'
import type { EngineRequest } from '../engine/engine.ts'
import type {
  ChatAssistantParam,
  ChatContentPart,
  ChatMessage,
  ChatMessageParam,
  ChatServerPart,
  OpenAIChatRequest,
  RequestNeeds,
} from '../wire.ts'
import { FIELDS, isSet } from './fields.ts'
import type { ChatRequest } from './options.ts'

/** What a request asks for. What goes without saying is not in it, even if it was said. */
export interface Wishes {
  /** In the terms of engines. Where no limit is set it is the model's to say. */
  readonly engine: Omit<EngineRequest, 'maxTokens'>
  /** In the terms of policies. */
  readonly needs: RequestNeeds
  /** The first field that no engine honours. What an extra field means, and what its default is, nobody here knows. */
  readonly foreign: string | undefined
}

type Wished = { [K in keyof OpenAIChatRequest]?: NonNullable<OpenAIChatRequest[K]> }

export function wishesOf(request: OpenAIChatRequest, extraBody: object): Wishes {
  const names = (Object.keys(request) as (keyof OpenAIChatRequest)[]).filter((name) => isSet(request, name))
  const wished: Wished = Object.fromEntries(names.map((name) => [name, request[name]]))
  const { messages } = request
  const { tools, tool_choice, response_format, stop, n, logprobs } = wished
  return {
    engine: defined({
      messages,
      temperature: wished.temperature,
      topP: wished.top_p,
      stop: stop === undefined ? undefined : [stop].flat().filter((text) => text !== ''),
      seed: wished.seed,
      responseFormat: response_format,
      tools,
      toolChoice: tool_choice,
      continueFinalMessage: wished.continue_final_message,
    }),
    needs: defined({
      tools: (tools && tool_choice !== 'none') || undefined,
      jsonSchema: response_format && true,
      images: messages.some(hasImage) || undefined,
      logprobs: logprobs && true,
      n,
    }),
    foreign:
      names.find((name) => FIELDS[name].by === 'server' || IS_FOREIGN[name]?.(request)) ?? Object.keys(extraBody)[0],
  }
}

export function hasImage({ content }: ChatMessage): boolean {
  return Array.isArray(content) && content.some(({ type }) => type === 'image_url')
}

/** What OpenAI's requests may hold besides what engines are asked in. A new kind is foreign until it is known here. */
const IS_FOREIGN: { readonly [K in keyof OpenAIChatRequest]?: (request: ChatRequest) => boolean } = {
  messages: ({ messages }) => messages.some(isForeignMessage),
  tools: ({ tools }) => Boolean(tools?.some(({ type }) => type !== 'function')),
  tool_choice: ({ tool_choice }) => typeof tool_choice === 'object' && tool_choice.type !== 'function',
}

function isForeignMessage(message: ChatMessageParam): boolean {
  const { role, content } = message
  if (role === 'function' || (Array.isArray(content) && content.some(isForeignPart))) return true
  if (role !== 'assistant') return false
  const { tool_calls = [], function_call, audio }: ChatAssistantParam = message
  return Boolean(function_call || audio) || tool_calls.some(({ type }) => type !== 'function')
}

function isForeignPart(part: ChatContentPart | ChatServerPart): boolean {
  if (part.type !== 'image_url') return part.type !== 'text'
  const { detail = 'auto' } = part.image_url
  return !DETAILS.includes(detail)
}

const DETAILS: readonly string[] = ['auto', 'low', 'high']
