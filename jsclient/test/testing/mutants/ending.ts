/** Engines that do not end well. */
import type { EngineEvent, EngineRequest } from '../../../src/engine/engine.ts'
import { drain, engine, events, loaded, replay } from '../mutate.ts'
import { counter, failure, IMPATIENT, later, type Mutant, never } from './mutant.ts'

const workers = counter()

export const ending: Mutant[] = [
  {
    name: 'unloads but once',
    fails: 'unload is idempotent',
    wrap: loaded((right) => {
      let unloaded = false
      return {
        async unload() {
          if (unloaded) throw failure('not_loaded')
          unloaded = true
          await right.unload()
        },
      }
    }),
  },
  {
    name: 'answers on when it is unloaded',
    fails: 'unload is idempotent',
    wrap: loaded((right) => {
      const all = new Map<EngineRequest, EngineEvent[]>()
      return {
        async *generate(asked, options) {
          const known = all.get(asked) ?? (await drain(right.generate(asked, options)))
          all.set(asked, known)
          yield* replay(known)
        },
      }
    }),
  },
  {
    name: 'calls an unload a loss',
    fails: 'unload is idempotent',
    wrap: loaded((right, engine) => ({
      unload: async () => {
        engine.die()
        await right.unload()
      },
    })),
  },
  {
    name: 'is lost when it was unloaded',
    fails: 'unload is idempotent',
    wrap: loaded((right) => {
      let lose: (error: never) => void = () => {}
      return {
        lost: new Promise<never>((resolve) => {
          lose = resolve
        }),
        async unload() {
          await right.unload()
          lose(failure('lost') as never)
        },
      }
    }),
  },
  {
    name: 'says that it was disposed when it was unloaded',
    fails: 'unload is idempotent',
    wrap: events(async function* (right) {
      try {
        yield* right
      } catch {
        throw failure('load_failed', 'load')
      }
    }),
  },
  {
    name: 'lets those in the line wait for ever',
    fails: 'unload ends those who wait',
    wrap: loaded((right) => {
      let calls = 0
      return {
        async *generate(asked, options) {
          if (calls++ > 0) await never
          yield* right.generate(asked, options)
        },
      }
    }),
    subject: IMPATIENT,
  },
  {
    name: 'keeps the memory of what was unloaded',
    fails: 'unload frees',
    wrap: loaded((right, engine) => ({
      async unload() {
        await right.unload()
        await engine.load({ ...right.model, id: 'still-there' })
      },
    })),
  },
  {
    name: 'loads on when it is disposed',
    fails: 'dispose is idempotent',
    wrap: engine((right) => ({
      async dispose() {
        if (right.resident > 0) await right.dispose()
      },
    })),
  },
  {
    name: 'loads on when it is disposed before its first report',
    fails: 'dispose ends a load',
    wrap: engine((right) => ({
      async load(...args) {
        await later()
        return right.load(...args)
      },
    })),
  },
  {
    name: 'fails a load with a plain error when it is disposed',
    fails: 'dispose is idempotent',
    wrap: engine((right) => ({
      load: (...args) =>
        right.load(...args).catch(() => {
          throw new Error('disposed')
        }),
    })),
  },
  {
    name: 'can be disposed but once',
    fails: 'dispose is idempotent',
    wrap: engine((right) => ({
      async dispose() {
        if (right.log.includes('dispose')) throw new Error('disposed')
        await right.dispose()
      },
    })),
  },
  {
    name: 'answers on when it is disposed',
    fails: 'dispose ends what runs',
    wrap: loaded((right) => ({
      async *generate(asked, options) {
        yield* replay(await drain(right.generate(asked, options)))
      },
    })),
  },
  {
    name: 'leaves its worker behind when it is disposed',
    fails: 'dispose ends what runs',
    wrap: (right) => {
      workers.up()
      return engine(() => ({}))(right)
    },
    subject: { resources: workers.value },
  },
  {
    name: 'dies without a word',
    fails: 'an engine that dies',
    wrap: loaded(() => ({ lost: never })),
    subject: IMPATIENT,
  },
  {
    name: 'dies with a plain error',
    fails: 'an engine that dies',
    wrap: loaded((right) => ({ lost: right.lost.then(() => new Error('lost')) as never })),
  },
  {
    name: 'takes its death for the end of an answer',
    fails: 'an engine that dies',
    wrap: events(async function* (right) {
      try {
        yield* right
      } catch {
        yield { type: 'done', finishReason: 'stop', usage: { promptTokens: 6, completionTokens: 1 } }
      }
    }),
  },
  {
    name: 'does not know that it is dead',
    fails: 'an engine that dies',
    wrap: loaded((right) => {
      let dead = false
      void right.lost.then(() => {
        dead = true
      })
      return {
        async *generate(asked, options) {
          if (dead) throw failure('generate_failed')
          yield* right.generate(asked, options)
        },
      }
    }),
  },
]
