/** Engines that do not know what they keep, or keep too much, or too little. */
import type { EngineStore, StatusOptions } from '../../../src/engine/engine.ts'
import type { FakeEngine } from '../../../src/testing/fake-engine.ts'
import type { ModelInfo } from '../../../src/wire.ts'
import { engine, loaded, store, type Wrap } from '../mutate.ts'
import { failure, type Mutant } from './mutant.ts'

/** The engine of whose store one method does not hear an abort, or hears it as `change` says. */
function deaf(
  name: keyof EngineStore,
  change: (method: (model: ModelInfo, options?: StatusOptions) => Promise<never>) => typeof method,
): Wrap {
  return store((right) => ({ [name]: change(right[name] as (model: ModelInfo) => Promise<never>) }))
}

const isThere = async ({ store }: FakeEngine, model: ModelInfo): Promise<boolean> =>
  (await store?.storedBytes(model)) !== 0

export const storing: Mutant[] = [
  {
    name: 'misses nothing of what is absent',
    fails: 'a store says',
    wrap: store(() => ({ missingBytes: async () => 0 })),
  },
  {
    name: 'misses what it has',
    fails: 'a store says',
    wrap: store(() => ({ missingBytes: async ({ sizeBytes }) => sizeBytes })),
  },
  {
    name: 'downloads to say what is missing',
    fails: 'a store says',
    wrap: store(({ missingBytes }, right) => ({
      async missingBytes(...args) {
        const bytes = await missingBytes(...args)
        await right.load(...args)
        return bytes
      },
    })),
  },
  {
    name: 'misses no count',
    fails: 'a store says',
    wrap: store(({ missingBytes }) => ({ missingBytes: async (model) => (await missingBytes(model)) || Number.NaN })),
  },
  {
    name: 'stores no count',
    fails: 'a store says',
    wrap: store(({ storedBytes }) => ({ storedBytes: async (model) => (await storedBytes(model)) / 3 })),
  },
  {
    name: 'does not know what it has stored',
    fails: 'a store says',
    wrap: store(() => ({ storedBytes: async () => 0 })),
  },
  {
    name: 'grows by being looked at',
    fails: 'a store says',
    wrap: engine((right) => {
      const { store } = right as Required<FakeEngine>
      let looks = 0
      return {
        status: (...args) => right.status(...args).finally(() => looks++),
        store: { ...store, storedBytes: async (model) => (await store.storedBytes(model)) && 1000 + looks },
      }
    }),
  },
  {
    name: 'removes nothing',
    fails: 'what was removed',
    wrap: store(() => ({ remove: async () => {} })),
  },
  {
    name: 'cannot remove what is not there',
    fails: 'what was removed',
    wrap: store(({ remove }, right) => ({
      async remove(model) {
        if (!(await isThere(right, model))) throw failure('load_failed', 'load')
        await remove(model)
      },
    })),
  },
  {
    name: 'takes what was removed for cached',
    fails: 'what was removed',
    wrap: engine((right) => ({
      status: async (model) => (right.log.includes(`loaded ${model.id}`) ? 'cached' : right.status(model)),
    })),
  },
  {
    name: 'cannot load what was removed',
    fails: 'what was removed',
    wrap: engine((right) => ({
      async load(model, options) {
        if (right.downloads > 0 && !(await isThere(right, model))) throw failure('load_failed', 'load')
        return right.load(model, options)
      },
    })),
  },
  {
    name: 'removes one model for another',
    fails: 'a store touches',
    wrap: store(({ remove }) => ({ remove: (model) => remove({ ...model, id: 'tiny' }) })),
  },
  {
    name: 'takes the present version for an old one',
    fails: 'a store touches',
    wrap: store(({ remove }) => ({ removeOld: remove })),
  },
  {
    name: 'counts the files of all models for each',
    fails: 'a store touches',
    wrap: store(({ storedBytes }) => ({ storedBytes: (model) => storedBytes({ ...model, id: 'tiny' }) })),
  },
  {
    name: 'throws what has no type',
    fails: 'a store touches',
    wrap: store(({ removeOld }) => ({
      async removeOld(model) {
        if (model.id !== 'tiny') throw new TypeError('Invalid URL')
        await removeOld(model)
      },
    })),
  },
  {
    name: 'keeps what is old',
    fails: 'what an earlier version',
    wrap: store(() => ({ removeOld: async () => {} })),
  },
  {
    name: 'keeps everything when there are two versions',
    fails: 'what an earlier version',
    wrap: store(({ remove, storedBytes }) => ({
      async remove(model) {
        if ((await storedBytes(model)) <= model.sizeBytes) await remove(model)
      },
    })),
  },
  {
    name: 'removes the present version with the old ones',
    fails: 'what an earlier version',
    wrap: store(({ remove, storedBytes }) => ({
      async removeOld(model) {
        if ((await storedBytes(model)) > model.sizeBytes) await remove(model)
      },
    })),
  },
  {
    name: 'reads its files while it answers',
    fails: 'a resident model',
    wrap: loaded((right, engine) => ({
      async *generate(...args) {
        for await (const event of right.generate(...args)) {
          if (!(await isThere(engine, right.model))) throw failure('generate_failed')
          yield event
        }
      },
    })),
  },
  {
    name: 'reads its files when it begins to answer',
    fails: 'a resident model',
    wrap: loaded((right, engine) => ({
      async *generate(...args) {
        if (!(await isThere(engine, right.model))) throw failure('generate_failed')
        yield* right.generate(...args)
      },
    })),
  },
  {
    name: 'dies when its files are removed',
    fails: 'a resident model',
    wrap: store(({ remove }, right) => ({ remove: (model) => remove(model).finally(() => right.die()) })),
  },
  {
    name: 'keeps the files of a model while it is resident',
    fails: 'a resident model',
    wrap: store(({ remove }, right) => ({
      async remove(model) {
        if (right.resident === 0) await remove(model)
      },
    })),
  },
  ...(['missingBytes', 'storedBytes', 'remove', 'removeOld'] as const).map(
    (name): Mutant => ({
      name: `does not hear an abort of ${name}()`,
      fails: "a store's methods",
      wrap: deaf(name, (method) => (model) => method(model)),
    }),
  ),
  {
    name: 'has a reason of its own for not removing',
    fails: "a store's methods",
    wrap: deaf(
      'remove',
      (method) =>
        (...args) =>
          method(...args).catch(() => Promise.reject(new Error('aborted'))),
    ),
  },
  {
    name: 'removes before it hears an abort',
    fails: "a store's methods",
    wrap: deaf('remove', (method) => async (model, options) => {
      await method(model)
      return method(model, options)
    }),
  },
  {
    name: 'takes half a model for a whole one',
    fails: 'what an aborted load',
    wrap: store(({ missingBytes }, right) => ({
      missingBytes: async (model) => ((await isThere(right, model)) ? 0 : missingBytes(model)),
    })),
  },
  {
    name: 'removes whole models only',
    fails: 'what an aborted load',
    wrap: store(({ remove }, right) => ({
      async remove(model) {
        if ((await right.status(model)) === 'cached') await remove(model)
      },
    })),
  },
]
