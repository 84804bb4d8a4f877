/** What the adapters share in reading a request. */
import { EngineUnsupportedError } from '../errors/engine-unsupported-error.ts'
import type { ChatContentPart, ChatMessage } from '../wire.ts'
import type { EngineRequest } from './engine.ts'

/** The text of a message; throws when it holds anything else. */
export function textOf(content: string | ChatContentPart[] | null | undefined, engine: string, param: string): string {
  if (content === null || content === undefined) return ''
  if (typeof content === 'string') return content
  return content
    .map((part, index) => {
      if (part.type === 'text') return part.text
      throw new EngineUnsupportedError(engine, `${param}[${index}]`, `it takes text only, not ${String(part.type)}`)
    })
    .join('')
}

/** Checks what no adapter here can honour, whatever its model. */
export function refuseChoicesAndLogprobs(request: EngineRequest, engine: string): void {
  if (request.n !== undefined && request.n !== 1) throw new EngineUnsupportedError(engine, 'n', 'it gives one choice')
  if (request.logprobs) throw new EngineUnsupportedError(engine, 'logprobs', 'it gives no log probabilities')
}

/** Checks the conversation's own form: somebody must have said something. */
export function requireMessages(messages: readonly ChatMessage[], engine: string): void {
  if (messages.length === 0) throw new EngineUnsupportedError(engine, 'messages', 'there is none')
}
