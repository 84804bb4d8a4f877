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

/**
 * The prompt in tokens: a word each, and two for the frame of a message and one for the beginning of the answer. A last
 * message that is carried on stays open.
 */
export function promptOf(messages: readonly ChatMessage[], continues = false): string[] {
  const framed = messages.flatMap(({ role, content }) => [`<${role}>`, ...wordsOf(textOf(content)), '</>'])
  return continues ? framed.slice(0, -1) : [...framed, '<assistant>']
}

/**
 * What a script has still to say after the last message's text: its tokens from there on, wherever that cuts them. All of
 * them, if it begins with another text. An echo says the last message's text again before that.
 */
export function restOf(tokens: readonly string[], messages: readonly ChatMessage[], echoes = false): readonly string[] {
  const begun = textOf(messages.at(-1)?.content)
  let left = tokens.join('').startsWith(begun) ? begun.length : 0
  const rest = tokens.flatMap((token) => {
    const said = Math.min(left, token.length)
    const isOver = left > 0 && said === token.length
    left -= said
    return isOver ? [] : [token.slice(said)]
  })
  return echoes ? [...wordsOf(begun), ...rest] : rest
}

/** The words of a text, each with the white space before it. */
export function wordsOf(text: string): string[] {
  return text.match(/\s*\S+|\s+$/g) ?? []
}

function textOf(content: ChatMessage['content']): string {
  if (typeof content === 'string') return content
  return (content ?? []).map((part) => (part.type === 'text' ? part.text : ` <${part.type}>`)).join('')
}

function isParts(answer: FakeAnswer): answer is FakeAnswerParts {
  return typeof answer === 'object' && !Array.isArray(answer)
}
