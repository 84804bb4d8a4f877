/** Engines whose answers are none. */
import type { EngineEvent } from '../../../src/engine/engine.ts'
import type { ChatMessage } from '../../../src/wire.ts'
import { drain, end, event, events, request } from '../mutate.ts'
import { counter, failure, type Mutant } from './mutant.ts'

const answers = counter()
let random = 0

export const generating: Mutant[] = [
  {
    name: 'answers at random',
    fails: 'a greedy answer',
    wrap: event((event) => (event.type === 'delta' ? { ...event, text: `${event.text}${random++}` } : event)),
  },
  {
    name: 'is cut off and says stop',
    fails: 'a greedy answer',
    wrap: events(async function* (right) {
      for (const event of (await drain(right)).slice(-3)) {
        if (event.type !== 'done') yield event
        else yield { ...event, usage: { ...event.usage, completionTokens: 2 } }
      }
    }),
  },
  {
    name: 'says length for stop',
    fails: 'a greedy answer',
    wrap: end((done) => ({ ...done, finishReason: 'length' })),
  },
  {
    name: 'says stop in a word of its own',
    fails: 'a greedy answer',
    wrap: end((done) => ({ ...done, finishReason: 'eos' as never })),
  },
  {
    name: 'calls tools without a call',
    fails: 'a greedy answer',
    wrap: end((done) => ({ ...done, finishReason: 'tool_calls' })),
  },
  {
    name: 'counts its end token',
    fails: 'a greedy answer',
    wrap: end((done) => ({ ...done, usage: { ...done.usage, completionTokens: done.usage.completionTokens + 1 } })),
  },
  {
    name: 'does not count the prompt',
    fails: 'a greedy answer',
    wrap: end((done) => ({ ...done, usage: { ...done.usage, promptTokens: 0 } })),
  },
  {
    name: 'counts the prompt of all calls together',
    fails: 'a greedy answer',
    wrap: end((done) => ({ ...done, usage: { ...done.usage, promptTokens: ++random } })),
  },
  {
    name: 'counts in fractions',
    fails: 'a greedy answer',
    wrap: event((event) => (event.type === 'delta' ? { ...event, tokens: event.tokens / 3 } : event)),
  },
  {
    name: 'has nothing cached, and says so with NaN',
    fails: 'a greedy answer',
    wrap: end((done) => ({ ...done, usage: { ...done.usage, cachedTokens: Number.NaN } })),
  },
  {
    name: 'has more cached than was asked',
    fails: 'a greedy answer',
    wrap: end((done) => ({ ...done, usage: { ...done.usage, cachedTokens: 1000 } })),
  },
  {
    name: 'says everything at once',
    fails: 'a greedy answer',
    wrap: events(async function* (right) {
      const all = await drain(right)
      const text = all.map((event) => (event.type === 'delta' ? event.text : '')).join('')
      yield { type: 'delta', text, tokens: all.length - 1 }
      yield all.at(-1) as EngineEvent
    }),
  },
  {
    name: 'ends without done',
    fails: 'an answer is over',
    wrap: events(async function* (right) {
      for await (const event of right) if (event.type !== 'done') yield event
    }),
  },
  {
    name: 'is done twice',
    fails: 'an answer is over',
    wrap: events(async function* (right) {
      for (const event of await drain(right)) yield* event.type === 'done' ? [event, event] : [event]
    }),
  },
  {
    name: 'ignores maxTokens',
    fails: 'maxTokens is honoured',
    wrap: request((asked) => ({ ...asked, maxTokens: 64 })),
  },
  {
    name: 'takes maxTokens for what comes after the first',
    fails: 'maxTokens is honoured',
    wrap: request((asked) => ({ ...asked, maxTokens: asked.maxTokens + 1 })),
  },
  {
    name: 'says stop where it was cut',
    fails: 'maxTokens is honoured',
    wrap: end((done) => ({ ...done, finishReason: 'stop' })),
  },
  {
    name: 'wants room for all of maxTokens',
    fails: 'maxTokens may be',
    wrap: events(async function* (right, { maxTokens }) {
      if (maxTokens > 500) throw failure('context_length_exceeded')
      yield* right
    }),
  },
  {
    name: 'makes texts of parts, in the request itself',
    fails: 'the request is left',
    wrap: request((asked) => {
      for (const message of asked.messages) {
        if (Array.isArray(message.content))
          message.content = message.content.map((part) => 'text' in part && part.text).join('')
      }
      return asked
    }),
  },
  {
    name: 'puts a system message first, in the request itself',
    fails: 'the request is left',
    wrap: request((asked) => {
      asked.messages.unshift({ role: 'system', content: 'Be brief.' })
      return asked
    }),
  },
  {
    name: 'generates before it is asked',
    fails: 'nothing starts',
    wrap: events((right) => {
      const all = drain(right)
      all.catch(() => {})
      return {
        async *[Symbol.asyncIterator]() {
          yield* await all
        },
      }
    }),
  },
  {
    name: 'joins parts by line breaks',
    fails: 'text parts are joined',
    wrap: request((asked) => ({
      ...asked,
      messages: asked.messages.map((message): ChatMessage => {
        const { content } = message
        if (!Array.isArray(content)) return message
        return { role: 'user', content: content.map((part) => ('text' in part ? part.text : '')).join('\n \n') }
      }),
    })),
  },
  {
    name: 'reads the first message only',
    fails: 'a conversation goes on',
    wrap: request((asked) => ({ ...asked, messages: asked.messages.slice(0, 1) })),
  },
  {
    name: 'keeps a conversation for the next',
    fails: 'a conversation goes on',
    wrap: events(async function* (right, { messages }, _, { requests }) {
      const isLate = requests.some((earlier) => earlier.messages.length > messages.length)
      for await (const event of right) yield isLate && event.type === 'delta' ? { ...event, text: 'And then?' } : event
    }),
  },
  {
    name: 'refuses an empty list of tools',
    fails: 'a default that is spelt out',
    wrap: request((asked) => {
      if (asked.tools) throw failure('unsupported')
      return asked
    }),
  },
  {
    name: 'stops at once for an empty list of stop texts',
    fails: 'a default that is spelt out',
    wrap: request((asked) => (asked.stop?.length === 0 ? { ...asked, maxTokens: 1 } : asked)),
  },
  {
    name: 'leaves something behind with every answer',
    fails: 'a hundred short answers',
    wrap: events((right) => {
      answers.up()
      return right
    }),
    subject: { resources: answers.value },
  },
]
