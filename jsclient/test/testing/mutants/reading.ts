/** Engines that do not read all that they are told. */
import type { EngineRequest } from '../../../src/engine/engine.ts'
import type { ChatMessage } from '../../../src/wire.ts'
import { request } from '../mutate.ts'
import { failure, type Mutant } from './mutant.ts'

/** Reads other messages than it is given. */
function reads(name: string, fails: string, change: (messages: ChatMessage[]) => ChatMessage[]): Mutant {
  return { name, fails, wrap: request((asked) => ({ ...asked, messages: change(asked.messages) })) }
}

const withoutImages = (message: ChatMessage): ChatMessage => {
  if (!Array.isArray(message.content)) return message
  return { ...message, content: message.content.filter(({ type }) => type === 'text') } as ChatMessage
}

/** Changes what it is asked when that is long. */
const ifLong = (change: (asked: EngineRequest) => EngineRequest) =>
  request((asked) => (JSON.stringify(asked.messages).length > 1000 ? change(asked) : asked))

export const reading: Mutant[] = [
  reads('drops system messages', 'a system message', (all) => all.filter(({ role }) => role !== 'system')),
  {
    name: 'fails for a system message with a plain error',
    fails: 'a system message',
    wrap: request((asked) => {
      if (asked.messages[0]?.role === 'system') throw new TypeError('unknown role')
      return asked
    }),
  },
  reads('forgets all but the last three messages', 'every message', (all) => all.slice(-3)),
  reads('reads the first message and the last', 'every message', (all) => [
    ...all.slice(0, 1),
    ...all.slice(1).slice(-1),
  ]),
  reads('reads users only', 'every message', (all) => all.filter(({ role }) => role === 'user')),
  {
    name: 'cuts a prompt that is too long',
    fails: 'a prompt that is longer',
    wrap: ifLong((asked) => ({ ...asked, messages: [{ role: 'user', content: 'and what was cut' }] })),
  },
  {
    name: 'fails with a code of its own when a prompt is too long',
    fails: 'a prompt that is longer',
    wrap: ifLong(() => {
      throw failure('generate_failed')
    }),
  },
  {
    name: 'is stuck after a prompt that is too long',
    fails: 'a prompt that is longer',
    wrap: (engine) => {
      let stuck = false
      return request((asked) => {
        if (stuck) throw failure('generate_failed')
        stuck = JSON.stringify(asked.messages).length > 1000
        return asked
      })(engine)
    },
  },
  reads('claims images, and drops them', 'an image', (all) => all.map(withoutImages)),
]
