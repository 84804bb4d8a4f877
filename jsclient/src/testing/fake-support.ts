/** What a fake engine honours, and how it refuses the rest. */
import type { EngineRequest, EngineSupport } from '../engine/engine.ts'
import { EngineUnsupportedError } from '../errors/engine-unsupported-error.ts'

/** What a simple text engine honours. */
export const TEXT_SUPPORT: EngineSupport = Object.freeze({
  tools: false,
  jsonSchema: false,
  images: false,
  logprobs: false,
  temperature: true,
  topP: true,
  seed: true,
  stop: true,
  n: 1,
  continuation: false,
  prefixCache: false,
  contextWindow: 0,
})

/** Throws an EngineUnsupportedError that names the first field that the engine does not honour. */
export function refuse(request: EngineRequest, supports: EngineSupport, engine: string): void {
  const { messages, tools = [], stop = [], responseFormat } = request
  const asked: [param: string, isAsked: boolean, isSupported: boolean][] = [
    ['tools', tools.length > 0, supports.tools],
    ['responseFormat', (responseFormat?.type ?? 'text') !== 'text', supports.jsonSchema],
    ['temperature', request.temperature !== undefined, supports.temperature],
    ['topP', request.topP !== undefined, supports.topP],
    ['seed', request.seed !== undefined, supports.seed],
    ['stop', stop.length > 0, supports.stop],
    ['continueFinalMessage', request.continueFinalMessage === true, continues(request) && supports.continuation],
    ...messages.map(({ content }, i): [string, boolean, boolean] => {
      const hasImage = Array.isArray(content) && content.some(({ type }) => type !== 'text')
      return [`messages[${i}].content`, hasImage, supports.images]
    }),
  ]
  const refused = asked.find(([, isAsked, isSupported]) => isAsked && !isSupported)
  if (refused) throw new EngineUnsupportedError(engine, refused[0], 'this fake was told not to')
}

function continues({ messages }: EngineRequest): boolean {
  return messages.at(-1)?.role === 'assistant'
}
