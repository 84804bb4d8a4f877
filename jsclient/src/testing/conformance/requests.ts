/** Requests that the checks make of the subject's own, and how answers are compared. */
import type { EngineRequest } from '../../engine/engine.ts'
import type { ChatMessage } from '../../wire.ts'
import type { Collected } from './collect.ts'
import { expect } from './expect.ts'
import type { Subject } from './subject.ts'

/** The conversation after an answer: what was said, and one more question. */
export function goesOn({ messages }: EngineRequest, answer: string): ChatMessage[] {
  return [...messages, { role: 'assistant', content: answer }, { role: 'user', content: 'And then?' }]
}

/** A schema of few answers. */
export const SCHEMA = {
  type: 'object',
  properties: { yes: { type: 'boolean' } },
  required: ['yes'],
  additionalProperties: false,
}

/** The text of a message of the subject's own request. */
export function textOf({ content }: ChatMessage): string {
  if (typeof content === 'string') return content
  return (content ?? []).map((part) => (part.type === 'text' ? part.text : '')).join('')
}

/** The request with an answer that is long enough to compare and short enough to wait for. */
export function brief(request: EngineRequest, maxTokens = 32): EngineRequest {
  return { ...request, maxTokens }
}

/** Whether greedy answers can be compared. */
export function isExact({ deterministic = true }: Subject): boolean {
  return deterministic
}

/** Checks that two answers are equal, if the subject's answers are. */
export function same(subject: Subject, one: Collected, other: Collected, what: string): void {
  expect(!isExact(subject) || one.text === other.text, `${what}: "${one.text}" and "${other.text}"`)
}
