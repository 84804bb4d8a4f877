import { codePoints } from '../policy/numbers.ts'
import { promptTokens } from '../policy/tokens.ts'
import type { ChatCompletionChunk, ChatCompletionChunkChoice, Target } from '../wire.ts'
import type { AttemptEvent } from './attempt.ts'

type Delta = Extract<AttemptEvent, { type: 'delta' }>

/** What of an answer has come so far, whoever made it. */
export class Answer {
  /** Of the first choice. */
  text = ''
  /** Something has come, be it text or not. */
  begun = false
  /** Something has come that nobody can go on with: a tool call, reasoning, a refusal, a second choice, its end. */
  closed = false
  /** The first chunk's: what is one stream to its reader has one id. */
  head: Pick<ChatCompletionChunk, 'id' | 'created' | 'model'> | undefined
  /** Who made the last of it. */
  source: Target | undefined
  #counted = 0
  /** Code points whose tokens nobody counted. */
  #uncounted = 0

  /** Tokens of the text; where somebody gave no count, estimated by the rule for prompts, the best there is. */
  get tokens(): number {
    return this.#counted + promptTokens({ promptLength: this.#uncounted })
  }

  /** Whether all tokens were counted. */
  get isCounted(): boolean {
    return this.#uncounted === 0
  }

  /** The same, to go on with: whoever asks for the rest twice begins at the same place. */
  copy(): Answer {
    const { text, begun, closed, head, source } = this
    const copy = Object.assign(new Answer(), { text, begun, closed, head, source })
    copy.#counted = this.#counted
    copy.#uncounted = this.#uncounted
    return copy
  }

  add({ text, tokens, chunk }: Delta, source: Target): void {
    this.begun = true
    this.source = source
    this.text += text
    if (tokens === undefined) this.#uncounted += codePoints(text)
    else this.#counted += tokens
    if (!chunk) return
    const { id, created, model } = chunk
    this.head ??= { id, created, model }
    this.closed ||= chunk.choices.some(closes)
  }
}

/** Members of a delta behind which its text can be gone on with. */
const PLAIN: readonly string[] = ['role', 'content']

function closes({ index, delta, finish_reason, logprobs }: ChatCompletionChunkChoice): boolean {
  const others = Object.entries(delta).some(([name, value]) => !PLAIN.includes(name) && saysAnything(value))
  return index > 0 || others || Boolean(finish_reason) || Boolean(logprobs)
}

function saysAnything(value: unknown): boolean {
  return Array.isArray(value) ? value.length > 0 : Boolean(value)
}
