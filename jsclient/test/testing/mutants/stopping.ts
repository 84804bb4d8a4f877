/** Engines that do not end when they should. */
import type { EngineEvent } from '../../../src/engine/engine.ts'
import { turn } from '../../../src/testing/turn.ts'
import { drain, events, loaded, request, type Wrap } from '../mutate.ts'
import type { Mutant } from './mutant.ts'

/** Cuts text at stop texts as the function finds them. */
function stopper(find: (soFar: string, piece: string, stop: string) => number): Wrap {
  return loaded((right) => ({
    async *generate({ stop = [], ...asked }, options) {
      let text = ''
      for await (const event of right.generate(asked, options)) {
        if (event.type === 'done') return yield event
        const at = Math.max(...stop.map((one) => find(text, event.text, one)), -1)
        text += event.text
        yield at < 0 ? event : { ...event, text: event.text.slice(0, at) }
        if (at < 0) continue
        const completionTokens = text.split(' ').length
        return yield { type: 'done', finishReason: 'stop', usage: { promptTokens: 6, completionTokens } }
      }
    },
  }))
}

export const stopping: Mutant[] = [
  {
    name: 'shows the stop text',
    fails: 'a stop text ends',
    wrap: events(async function* (right, { stop = [] }) {
      for await (const event of right) {
        if (event.type === 'done') yield { type: 'delta', text: stop.at(-1) ?? '', tokens: 0 }
        yield event
      }
    }),
  },
  {
    name: 'says length at a stop text',
    fails: 'a stop text ends',
    wrap: events(async function* (right, { stop }) {
      for await (const event of right)
        yield stop && event.type === 'done' ? { ...event, finishReason: 'length' } : event
    }),
  },
  {
    name: 'generates on behind a stop text',
    fails: 'a stop text ends',
    wrap: events(async function* (right, { stop }, _, engine) {
      yield* right
      if (stop) engine.generated += 6
    }),
  },
  {
    name: 'ignores stop texts',
    fails: 'a stop text ends',
    wrap: request(({ stop: _, ...asked }) => asked),
  },
  {
    name: 'looks for stop texts in single tokens',
    fails: 'a stop text is found across',
    wrap: stopper((_, piece, stop) => piece.indexOf(stop)),
  },
  {
    name: 'shows the beginning of a stop text before it knows',
    fails: 'a stop text is found across',
    wrap: stopper((text, piece, stop) => ((text + piece).includes(stop) ? 0 : -1)),
  },
  {
    name: 'keeps for itself what might have become a stop text',
    fails: 'a stop text that only begins',
    wrap: events(async function* (right) {
      for await (const event of right) if (event.type === 'done' || event.tokens > 0) yield event
    }),
  },
  {
    name: 'throws an abort of its own',
    fails: 'an abort throws the reason',
    wrap: events(async function* (right, _, { signal }) {
      try {
        yield* right
      } catch (error) {
        throw signal?.aborted ? new DOMException('aborted', 'AbortError') : error
      }
    }),
  },
  {
    name: 'ends quietly when it is aborted',
    fails: 'an abort throws the reason',
    wrap: events(async function* (right, _, { signal }) {
      try {
        yield* right
      } catch (error) {
        if (!signal?.aborted) throw error
      }
    }),
  },
  {
    name: 'says one thing more after an abort',
    fails: 'an abort throws the reason',
    wrap: events(async function* (right, _, { signal }) {
      for await (const event of right) {
        yield event
        if (signal?.aborted) yield { type: 'delta', text: '', tokens: 0 }
      }
    }),
  },
  {
    name: 'generates on after an abort',
    fails: 'an abort throws the reason',
    wrap: events(async function* (right, _, { signal }, engine) {
      try {
        yield* right
      } finally {
        if (signal?.aborted) engine.generated += 6
      }
    }),
  },
  {
    name: 'hears an abort between tokens only',
    fails: 'an abort is heard',
    wrap: loaded((right) => ({
      async *generate(asked, { signal } = {}) {
        for await (const event of right.generate(asked)) {
          yield event
          signal?.throwIfAborted()
        }
      },
    })),
  },
  {
    name: 'does not hear that its caller left',
    fails: 'leaving the loop',
    wrap: loaded((right, engine) => ({
      async *generate(asked, options) {
        const all = drain(right.generate(asked, options))
        all.catch(() => {})
        while (engine.generated === 0) await turn()
        yield { type: 'delta', text: 'w0abc', tokens: 1 }
        yield* (await all).slice(1)
      },
    })),
  },
  {
    name: 'starts what was aborted before',
    fails: 'an aborted signal starts nothing',
    wrap: loaded((right) => ({
      async *generate(asked, { signal } = {}) {
        if (signal?.aborted) for await (const _ of right.generate(asked)) signal.throwIfAborted()
        yield* right.generate(asked, { signal })
      },
    })),
  },
  {
    name: 'keeps an abort for the next answer',
    fails: 'an abort between two answers',
    wrap: loaded((right) => {
      let last: AbortSignal | undefined
      return {
        async *generate(asked, options = {}) {
          last?.throwIfAborted()
          last = options.signal
          yield* right.generate(asked, options)
        },
      }
    }),
  },
  {
    name: 'goes on with an answer that was aborted',
    fails: 'after an abort, and after',
    wrap: loaded((right) => {
      let left: EngineEvent[] = []
      return {
        async *generate(asked, { signal } = {}) {
          const all = left.length > 0 ? left : await drain(right.generate(asked))
          left = []
          for (const [i, event] of all.entries()) {
            left = all.slice(i + 1)
            yield event
            signal?.throwIfAborted()
          }
        },
      }
    }),
  },
]
