/** Engines that do not go on from what was said. */
import type { EngineEvent } from '../../../src/engine/engine.ts'
import { end, events, loaded, replay, request } from '../mutate.ts'
import type { Mutant } from './mutant.ts'

export const continuing: Mutant[] = [
  {
    name: 'begins anew',
    fails: 'an answer that was begun',
    wrap: request(({ continueFinalMessage, ...asked }) =>
      continueFinalMessage ? { ...asked, messages: asked.messages.slice(0, -1) } : asked,
    ),
  },
  {
    name: 'goes on from nothing',
    fails: 'an answer that was begun',
    wrap: request(({ continueFinalMessage, ...asked }) =>
      asked.messages.at(-1)?.role === 'assistant' ? { ...asked, continueFinalMessage: true } : asked,
    ),
  },
  {
    name: 'keeps what is cached to itself',
    fails: 'a prompt that goes on',
    wrap: end(({ usage: { cachedTokens: _, ...usage }, ...done }) => ({ ...done, usage })),
  },
  {
    name: 'says something else from a cache',
    fails: 'a prompt that goes on',
    wrap: events(async function* (right, { messages }, _, { requests }) {
      const warm = requests.length > 0 && messages.length > 1
      for await (const event of right) yield warm && event.type === 'delta' ? { ...event, text: 'x' } : event
    }),
  },
  {
    name: 'takes one conversation for another of the same length',
    fails: 'what is cached of one',
    wrap: loaded((right) => {
      const cache = new Map<number, EngineEvent[]>()
      return {
        async *generate(asked, options) {
          const key = asked.messages.length
          const known = cache.get(key)
          if (known) return yield* replay(known)
          const all: EngineEvent[] = []
          for await (const event of right.generate(asked, options)) {
            all.push(event)
            yield event
          }
          cache.set(key, all)
        },
      }
    }),
  },
]
