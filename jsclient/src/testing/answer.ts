/** Scripted answers, of the fake engine and of the fake server. */
import type { EngineEvent } from '../engine/engine.ts'
import type { ChatMessage, ChatToolCall } from '../wire.ts'

/**
 * What a fake says: a text, which counts a token a word; the texts of its tokens; or a whole answer, whose `finishReason`
 * defaults to what maxTokens, the stop texts and the tool calls make of it.
 */
export type FakeAnswer = string | readonly string[] | FakeAnswerParts

/** An answer and what comes with it. */
export interface FakeAnswerParts {
  /** Defaults to none. */
  text?: string | readonly string[]
  /** Calls that come with the answer's end. Defaults to none. */
  toolCalls?: ChatToolCall[]
  /** Defaults to what maxTokens, the stop texts and the tool calls make of it. */
  finishReason?: Extract<EngineEvent, { type: 'done' }>['finishReason']
  /** Defaults to a count of the prompt's words. */
  promptTokens?: number
  /** Of an engine. Defaults to what its cache has, if it supports `prefixCache`. */
  cachedTokens?: number
}

/** The same for every request, or what the function makes of one. */
export type FakeAnswers<Request> = FakeAnswer | ((request: Request) => FakeAnswer)

/** An answer in tokens. */
export interface Script extends Omit<FakeAnswerParts, 'text'> {
  tokens: readonly string[]
}

export function scriptOf<Request>(answers: FakeAnswers<Request>, request: Request): Script {
  const answer = typeof answers === 'function' ? answers(request) : answers
  const { text = '', ...rest } = isParts(answer) ? answer : { text: answer }
  return { ...rest, tokens: typeof text === 'string' ? wordsOf(text) : text }
}

/** The prompt in tokens: a word each, and two for the frame of a message and one for the beginning of the answer. */
export function promptOf(messages: readonly ChatMessage[]): string[] {
  return [...messages.flatMap(({ role, content }) => [`<${role}>`, ...contentOf(content), '</>']), '<assistant>']
}

/** The words of a text, each with the white space before it. */
export function wordsOf(text: string): string[] {
  return text.match(/\s*\S+|\s+$/g) ?? []
}

function contentOf(content: ChatMessage['content']): string[] {
  if (typeof content === 'string') return wordsOf(content)
  const parts = (content ?? []).map((part) => (part.type === 'text' ? part.text : ` <${part.type}>`))
  return wordsOf(parts.join(''))
}

function isParts(answer: FakeAnswer): answer is FakeAnswerParts {
  return typeof answer === 'object' && !Array.isArray(answer)
}
