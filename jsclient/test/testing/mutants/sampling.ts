/** Engines that draw wrongly. */
import { events, request } from '../mutate.ts'
import { failure, type Mutant } from './mutant.ts'

let random = 0

export const sampling: Mutant[] = [
  {
    name: 'draws at temperature 0',
    fails: 'at temperature 0',
    wrap: events(async function* (right, { seed = 0 }) {
      for await (const event of right) yield event.type === 'delta' ? { ...event, text: event.text + seed } : event
    }),
  },
  {
    name: 'stays hot',
    fails: 'at temperature 0',
    wrap: events(async function* (right, _, __, { requests }) {
      const hot = requests.some(({ temperature = 0 }) => temperature > 1)
      for await (const event of right) yield hot && event.type === 'delta' ? { ...event, text: '?' } : event
    }),
  },
  {
    name: 'takes the seed for a default',
    fails: 'the same seed',
    wrap: events(async function* (right, { seed, temperature = 1 }) {
      const draw = seed !== undefined && temperature > 0 ? random++ : 0
      for await (const event of right) yield event.type === 'delta' ? { ...event, text: event.text + draw } : event
    }),
  },
  {
    name: 'seeds once an engine',
    fails: 'the same seed',
    wrap: (right) => {
      const draw = random++
      return events(async function* (inner, { seed }) {
        const text = seed === undefined ? '' : String(draw)
        for await (const event of inner) yield event.type === 'delta' ? { ...event, text: event.text + text } : event
      })(right)
    },
  },
  {
    name: 'ignores temperature, topP and seed',
    fails: 'at temperature 2',
    wrap: request(({ temperature: _, topP: __, seed: ___, ...asked }) => asked),
  },
  {
    name: 'ignores topP',
    fails: 'the smallest nucleus',
    wrap: events(async function* (right, { temperature = 1 }) {
      for await (const event of right) {
        yield event.type === 'delta' && temperature > 1 ? { ...event, text: event.text + random++ } : event
      }
    }),
  },
  {
    name: 'takes no temperature above 1',
    fails: 'temperature and topP are taken',
    wrap: request((asked) => {
      if ((asked.temperature ?? 0) > 1) throw failure('unsupported')
      return asked
    }),
  },
]
