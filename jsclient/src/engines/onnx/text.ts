/** A conversation to ids and back: the model's chat template and its tokenizer. */
import type { TemplateMessage } from '../decoding/chat.ts'
import { turnEnds, turnOpening } from '../decoding/turns.ts'
import type { OnnxPeers } from './peer.ts'

export interface ModelText {
  /** The text that the model reads, with an assistant's turn opened. */
  render(messages: TemplateMessage[]): string
  encode(text: string): bigint[]
  decode(ids: bigint[]): string
  /** Where assistants' turns open in a prompt, which is where it may be cut. */
  turnEnds(ids: readonly bigint[]): number[]
}

/** `chatTemplate` is used when the tokenizer's configuration has none. Throws what the packages throw. */
export function createText(
  { Tokenizer, Template }: OnnxPeers,
  tokenizerJSON: object,
  config: Record<string, unknown>,
  chatTemplate?: string,
): ModelText {
  const tokenizer = new Tokenizer(tokenizerJSON, config)
  const source = templateOf(config) ?? chatTemplate
  if (source === undefined) throw new Error('it has no chat template')
  const template = new Template(source)
  const tokens = specialTokens(config)
  const render = (messages: TemplateMessage[], add_generation_prompt: boolean) =>
    template.render({ messages, add_generation_prompt, tools: null, ...tokens })
  const encode = (text: string) => tokenizer.encode(text, { add_special_tokens: false }).ids.map(BigInt)
  const opening = turnOpening((withOpening) => render([{ role: 'user', content: 'a' }], withOpening), encode)
  return {
    render: (messages) => render(messages, true),
    encode,
    turnEnds: (ids) => turnEnds(ids, opening),
    decode: (ids) => tokenizer.decode(ids, { skip_special_tokens: true, clean_up_tokenization_spaces: false }),
  }
}

/** A text, or several with names, of which "default" is the one for chats without tools. */
export function templateOf({ chat_template: template }: Record<string, unknown>): string | undefined {
  if (typeof template === 'string') return template
  if (!Array.isArray(template)) return undefined
  return template.find((item) => item?.name === 'default')?.template
}

/** `bos_token` and its like, which templates write out: texts, or objects with a `content`. */
function specialTokens(config: Record<string, unknown>): Record<string, unknown> {
  const tokens = Object.entries(config).filter(([name, value]) => name.endsWith('_token') && value)
  return Object.fromEntries(tokens.map(([name, value]) => [name, (value as { content?: string }).content ?? value]))
}
