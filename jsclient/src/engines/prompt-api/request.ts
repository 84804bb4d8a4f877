/** A request in the Prompt API's terms. What it would ignore or misread is refused. */
import type { EngineRequest } from '../../engine/engine.ts'
import { checkConversation, textOf } from '../../engine/messages.ts'
import type { ChatContentPart, ChatMessage, ChatResponseFormat } from '../../wire.ts'
import { refuse } from './failure.ts'
import { ENGINE_NAME } from './options.ts'
import type { Part, Prompt, Sampling } from './peer.ts'
import type { Script } from './sessions.ts'

export interface Conversation {
  prompts: Prompt[]
  script: Script
  /** The script with this answer in it. */
  answered(text: string): Script
  /** The last prompt's mark is set and was not read: browsers that know no prefixes ignore it in silence. */
  unread: boolean
  constraint: Record<string, unknown> | undefined
}

const NONE = 'the browser takes none'

/** Throws an `EngineUnsupportedError` for what can't be honoured. */
export function toConversation(request: EngineRequest, sampling: Sampling, images: boolean): Conversation {
  const { messages, responseFormat, continueFinalMessage = false } = request
  checkConversation(request, ENGINE_NAME)
  for (const field of ['tools', 'seed', 'topP'] as const) {
    const value = request[field]
    // What is empty asks for nothing.
    if (Array.isArray(value) ? value.length > 0 : value !== undefined) refuse(field, NONE)
  }
  const prompts = messages.map((message, index) => {
    const at = `messages[${index}]`
    const prompt = toPrompt(message, at, images)
    const misplaced = index > 0 || messages.length === 1
    if (prompt.role === 'system' && misplaced) refuse(at, 'it must be the first of several')
    return prompt
  })
  const turns = prompts.map(({ role, content }, index) =>
    JSON.stringify([role, typeof content === 'string' ? content : messages[index]?.content]),
  )
  const script = [JSON.stringify(sampling), ...turns]
  const conversation: Conversation = {
    prompts,
    script,
    answered: (text) => [...script, JSON.stringify(['assistant', text])],
    unread: continueFinalMessage,
    constraint: constraintOf(responseFormat),
  }
  if (continueFinalMessage) {
    const last = prompts.at(-1)
    if (last?.role !== 'assistant') refuse('continueFinalMessage', 'the assistant has not begun')
    conversation.answered = (text) => [...script.slice(0, -1), JSON.stringify(['assistant', last.content + text])]
    Object.defineProperty(last, 'prefix', {
      get() {
        conversation.unread = false
        return true
      },
    })
  }
  return conversation
}

function constraintOf(format: ChatResponseFormat | undefined): Conversation['constraint'] {
  if (format?.type === 'json_schema' && format.json_schema.schema) return format.json_schema.schema
  return format && format.type !== 'text' ? { type: 'object' } : undefined
}

function toPrompt(message: ChatMessage, at: string, images: boolean): Prompt {
  const { role, content } = message
  if (role === 'tool') return refuse(`${at}.role`, NONE)
  if (images && role === 'user' && Array.isArray(content)) {
    // The browser itself joins texts without a separator.
    return { role, content: content.map((part, index) => toPart(part, `${at}.content[${index}]`)) }
  }
  const text = textOf(content, ENGINE_NAME, `${at}.content`)
  return { role: role === 'developer' ? 'system' : role, content: text }
}

function toPart(part: ChatContentPart, at: string): Part {
  if (part.type === 'text') return { type: 'text', value: part.text }
  const { url, detail = 'auto' } = part.image_url
  if (detail !== 'auto') refuse(`${at}.detail`, NONE)
  try {
    // What does not match can't be taken apart.
    const [, data = ''] = /^data:image\/[^,]+;base64,(.+)$/s.exec(url) as RegExpExecArray
    return { type: 'image', value: new Blob([Uint8Array.from(atob(data), (char) => char.charCodeAt(0))]) }
  } catch {
    return refuse(at, 'it takes base64 data: URLs')
  }
}
