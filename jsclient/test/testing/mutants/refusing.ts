/** Engines that do not say what they can not do. */
import type { EngineRequest } from '../../../src/engine/engine.ts'
import { events, loaded, request } from '../mutate.ts'
import type { Mutant } from './mutant.ts'

const NOTHING = {
  ...{ temperature: false, topP: false, seed: false, stop: false, continuation: false, jsonSchema: false },
  ...{ prefixCache: false, tools: false, images: false },
}

/** Drops a field as if nobody had asked. */
function drops(field: keyof EngineRequest): Mutant {
  return {
    name: `drops ${field}`,
    fails: 'what cannot be honoured',
    supports: NOTHING,
    wrap: request((asked) => {
      const { [field]: _, ...rest } = asked
      return rest as EngineRequest
    }),
  }
}

export const refusing: Mutant[] = [
  ...(['tools', 'responseFormat', 'continueFinalMessage'] as const).map(drops),
  ...(['temperature', 'topP', 'seed', 'stop'] as const).map(drops),
  {
    name: 'leaves pictures out',
    fails: 'what cannot be honoured',
    supports: NOTHING,
    wrap: request((asked) => ({ ...asked, messages: [{ role: 'user', content: '' }] })),
  },
  {
    name: 'refuses without a type',
    fails: 'what cannot be honoured',
    supports: NOTHING,
    wrap: events(async function* (right) {
      try {
        yield* right
      } catch {
        throw new TypeError('unsupported')
      }
    }),
  },
  {
    name: 'refuses with the wrong name',
    fails: 'what cannot be honoured',
    supports: NOTHING,
    wrap: events(async function* (right) {
      try {
        yield* right
      } catch (error) {
        throw Object.assign(error as Error, { param: 'request' })
      }
    }),
  },
  {
    name: 'refuses after it has generated',
    fails: 'what cannot be honoured',
    supports: NOTHING,
    wrap: events(async function* (right, _, __, engine) {
      try {
        yield* right
      } catch (error) {
        engine.generated++
        throw error
      }
    }),
  },
  {
    name: 'is not itself after a refusal',
    fails: 'after a refusal',
    supports: NOTHING,
    wrap: loaded((right) => {
      let refused = false
      return {
        async *generate(asked, options) {
          try {
            for await (const event of right.generate(asked, options)) {
              yield refused && event.type === 'delta' ? { ...event, text: '!' } : event
            }
          } catch (error) {
            refused = true
            throw error
          }
        },
      }
    }),
  },
]
