import { defined } from '../defined.ts'
import type { EngineRequest } from '../engine/engine.ts'
import type { ChatMessage, OpenAIChatRequest, RequestNeeds } from '../wire.ts'
import { FIELDS, isSet } from './fields.ts'

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
    foreign: names.find((name) => FIELDS[name].by === 'server') ?? Object.keys(extraBody)[0],
  }
}

export function hasImage({ content }: ChatMessage): boolean {
  return Array.isArray(content) && content.some(({ type }) => type !== 'text')
}
