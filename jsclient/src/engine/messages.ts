/** What the adapters share in reading a request. */
import { EngineUnsupportedError } from '../errors/engine-unsupported-error.ts'
import type { ChatContentPart } from '../wire.ts'
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

/** What a message may carry beside its role and its text. */
type Extra = 'name' | 'refusal' | 'tool_calls' | 'tool_call_id'

const EXTRAS: readonly Extra[] = ['name', 'refusal', 'tool_calls', 'tool_call_id']

/**
 * Checks a conversation's own form: somebody must have said something, no message may carry what the engine doesn't read,
 * and a tool that must be called must be there. `reads` lists what it reads beside roles and texts.
 */
export function checkConversation(
  { messages, tools = [], toolChoice }: EngineRequest,
  engine: string,
  reads: readonly Extra[] = [],
): void {
  const refuse = (param: string, reason: string): never => {
    throw new EngineUnsupportedError(engine, param, reason)
  }
  if (messages.length === 0) refuse('messages', 'there is none')
  for (const [index, message] of messages.entries()) {
    for (const extra of EXTRAS) {
      const value = (message as Partial<Record<Extra, unknown>>)[extra]
      const says = Array.isArray(value) ? value.length > 0 : value !== undefined && value !== null
      if (says && !reads.includes(extra)) refuse(`messages[${index}].${extra}`, 'it does not read it')
    }
  }
  const mustCall = toolChoice !== undefined && toolChoice !== 'none' && toolChoice !== 'auto'
  if (mustCall && tools.length === 0) refuse('toolChoice', 'there is no tool to call')
}
