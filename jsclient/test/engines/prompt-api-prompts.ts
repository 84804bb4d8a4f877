/// <reference types="dom-chromium-ai" />
/** What the fake Prompt API does with prompts: checks them as the specification says, counts their tokens, answers. */

/** A message in longhand, with contiguous texts joined. */
export interface Heard {
  role: LanguageModelMessageRole | LanguageModelSystemMessageRole
  content: LanguageModelMessageContent[]
  prefix: boolean
}

const ROLES = ['system', 'user', 'assistant']
const TYPES = ['text', 'image', 'audio']

/**
 * The conversion that Web IDL does before anything else: it reads every member that it knows, throws at once, and never
 * looks at the others. `prefixes`: whether it knows that one.
 */
export function convert(input: unknown, prefixes: boolean): string | Heard[] {
  if (!Array.isArray(input)) return String(input)
  return input.map((given: Record<string, unknown>) => {
    const { content, role } = given
    const prefix = prefixes && Boolean(given.prefix)
    if (!ROLES.includes(String(role))) throw new TypeError(`The provided value '${role}' is not a valid enum value`)
    if (content === undefined) throw new TypeError("Required member 'content' is undefined")
    const parts = Array.isArray(content) ? content : [{ type: 'text', value: String(content) }]
    for (const { type } of parts) {
      if (!TYPES.includes(type)) throw new TypeError(`The provided value '${type}' is not a valid enum value`)
    }
    return { role: role as Heard['role'], content: parts.map((part) => ({ ...part })), prefix }
  })
}

/** "Validate and canonicalize a prompt". */
export function canonicalize(input: string | Heard[], expected: ReadonlySet<string>, begun: boolean): Heard[] {
  if (typeof input === 'string' || input.length === 0) {
    const value = typeof input === 'string' ? input : ''
    return [{ role: 'user', content: [{ type: 'text', value }], prefix: false }]
  }
  return input.map((message, index) => {
    if (message.prefix && (message.role !== 'assistant' || index < input.length - 1)) {
      throw new DOMException('a prefix must be the last message, of the assistant', 'SyntaxError')
    }
    if (message.role === 'system' && (begun || index > 0)) {
      throw new TypeError("The prompt with 'system' role must be placed at the first entry")
    }
    for (const { type, value } of message.content) {
      if (message.role === 'assistant' && type !== 'text') throw notSupported('assistant messages hold text only')
      if (type !== 'text' && !expected.has(type)) throw notSupported(`${type} is not among the expected inputs`)
      if (type === 'text' && typeof value !== 'string') throw new TypeError('a text must be a string')
      if (type === 'image' && !(value instanceof Blob)) throw new TypeError('an image must be an image')
    }
    return { ...message, content: joined(message.content) }
  })
}

function joined(content: LanguageModelMessageContent[]): LanguageModelMessageContent[] {
  const out: LanguageModelMessageContent[] = []
  for (const part of content) {
    const last = out.at(-1)
    if (part.type === 'text' && last?.type === 'text') last.value = `${last.value}${part.value}`
    else out.push({ ...part })
  }
  return out.length > 0 ? out : [{ type: 'text', value: '' }]
}

/** The pieces that the model writes and reads. Any run of whole tokens is cut in the same way again. */
export function tokenize(text: string): string[] {
  return text.match(/\s*\S{1,8}|\s+$/g) ?? []
}

/** Of a template: an opening and a closing. */
const TEMPLATE_TOKENS = 3
const IMAGE_TOKENS = 64

export function tokensOf(messages: readonly Heard[]): number {
  return messages.reduce((sum, message) => sum + TEMPLATE_TOKENS + message.content.reduce(addPart, 0), 0)
}

function addPart(sum: number, { type, value }: LanguageModelMessageContent): number {
  return sum + (type === 'text' ? tokenize(String(value)).length : IMAGE_TOKENS)
}

/** An answer that shows all that was heard: conversations that differ anywhere get different ones. */
export function digest(heard: readonly Heard[]): string {
  const said = heard
    .map(({ role, content }) => `${role}: ${content.map((part) => partText(part)).join(' ')}`)
    .join('\n')
  let hash = 7
  for (const char of said) hash = (hash * 31 + (char.codePointAt(0) ?? 0)) % 999_983
  return `Heard ${heard.length} messages, number ${hash}: one two three four five six seven eight nine ten eleven twelve.`
}

function partText({ type, value }: LanguageModelMessageContent): string {
  return type === 'text' ? String(value) : `(${(value as Blob).type}, ${(value as Blob).size} bytes)`
}

/** Something that a JSON Schema allows; of the keywords it knows `type`, `properties` and `enum`. */
export function conforming(schema: Record<string, unknown>): unknown {
  if (Array.isArray(schema.enum)) return schema.enum[0]
  switch (schema.type) {
    case 'object': {
      const properties = Object.entries((schema.properties ?? {}) as Record<string, Record<string, unknown>>)
      return Object.fromEntries(properties.map(([name, inner]) => [name, conforming(inner)]))
    }
    case 'array':
      return []
    case 'number':
    case 'integer':
      return 1
    case 'boolean':
      return true
    default:
      return 'text'
  }
}

function notSupported(message: string): DOMException {
  return new DOMException(message, 'NotSupportedError')
}

export function checkConstraint(schema: Record<string, unknown>): void {
  if (typeof schema !== 'object') throw new TypeError('a constraint must be a JSON Schema or a RegExp')
  if ('$ref' in schema) throw notSupported('the schema has features that are not supported')
}

/** What a browser tells its model of a constraint, as it may. */
export function instruction(schema: Record<string, unknown>): Heard {
  const value = `Answer in JSON of this schema: ${JSON.stringify(schema)}`
  return { role: 'user', content: [{ type: 'text', value }], prefix: false }
}
