/** What an engine tells of the files that it keeps, and how it gets rid of them. */
import type { Engine, EngineStore } from '../../engine/engine.ts'
import { isEngineError } from '../../errors/engine-error.ts'
import type { ModelInfo } from '../../wire.ts'
import { collect } from './collect.ts'
import { expect, rejectsWith } from './expect.ts'
import type { Checks, EngineTrial } from './kit.ts'
import type { Check } from './subject.ts'

interface StoreTrial extends EngineTrial {
  readonly store: EngineStore
}

export const storing: Checks = ({ subject, check }) => {
  const { model, earlier } = subject
  const request = { ...subject.request, maxTokens: 4 }

  const withStore = (name: string, run: (trial: StoreTrial) => Promise<void>): Check =>
    check(name, async (trial) => {
      const { store } = trial.engine
      if (!store) return trial.skip('it has no store')
      await run({ ...trial, store })
    })

  return [
    withStore('a store says what is missing of a model, and what is here', async ({ engine, store }) => {
      await store.remove(model)
      await isAbsent(engine, store, model)
      await engine.load(model)
      const bytes = await isWhole(engine, store, model)
      expect(bytes === (await isWhole(engine, store, model)), 'being asked changes nothing')
    }),

    withStore('what was removed is gone, and loads again', async ({ engine, store }) => {
      const first = await engine.load(model)
      await first.unload()
      for (let times = 0; times < 2; times++) {
        await store.remove(model)
        await isAbsent(engine, store, model)
      }
      await collect(await engine.load(model), request)
      await isWhole(engine, store, model)
    }),

    withStore('a store touches nothing of another model, and nothing that is not old', async ({ engine, store }) => {
      const id = 'conformance-nobody-knows'
      const source = Object.fromEntries(Object.keys(model.source ?? {}).map((name) => [name, id]))
      const other = { ...model, id, source }
      await engine.load(model)
      const bytes = await isWhole(engine, store, model)
      expect((await store.storedBytes(other)) === 0, 'nothing is stored of a model that was never loaded')
      const calls: [string, () => Promise<unknown>][] = [
        ['missingBytes() of a model that does not exist', () => store.missingBytes(other)],
        ['removeOld() of a model that does not exist', () => store.removeOld(other)],
        ['remove() of a model that does not exist', () => store.remove(other)],
        ['removeOld()', () => store.removeOld(model)],
      ]
      for (const [call, run] of calls) {
        await run().catch((error: unknown) => {
          expect(isEngineError(error) && error.stage === 'load', `${call} rejects with an EngineError, not ${error}`)
        })
        const left = await isWhole(engine, store, model, ` after ${call}`)
        expect(left === bytes, `${call} leaves the ${bytes} bytes of the model, not ${left}`)
      }
    }),

    withStore('what an earlier version left is removed, and nothing else', async ({ engine, store, skip }) => {
      if (!earlier) return skip('the subject has no earlier version of its model')
      await store.remove(model)
      await engine.load(model).then((loaded) => loaded.unload())
      const alone = await isWhole(engine, store, model)
      await engine.load(earlier).then((loaded) => loaded.unload())
      const both = await isWhole(engine, store, model)
      expect(both > alone, `two versions have more than ${alone} bytes, not ${both}`)
      await store.removeOld(model)
      const left = await isWhole(engine, store, model, ' after removeOld()')
      expect(left === alone, `removeOld() leaves the ${alone} bytes of the present version, not ${left}`)
      expect((await engine.status(earlier)) === 'absent', 'the earlier version is absent')
      await engine.load(earlier).then((loaded) => loaded.unload())
      await store.remove(model)
      expect((await store.storedBytes(model)) === 0, 'remove() removes the earlier version too')
    }),

    withStore('a resident model does not need its files', async ({ engine, store }) => {
      const loaded = await engine.load(model)
      const running = loaded.generate(subject.request)[Symbol.asyncIterator]()
      await running.next()
      await store.remove(model)
      while (!(await running.next()).done);
      await collect(loaded, request)
      await isAbsent(engine, store, model)
    }),

    withStore("a store's methods fail with the signal's reason, and do nothing", async ({ engine, store }) => {
      await engine.load(model)
      const bytes = await isWhole(engine, store, model)
      const signal = AbortSignal.abort(new Error('never mind'))
      for (const name of ['missingBytes', 'storedBytes', 'removeOld', 'remove'] as const) {
        const call = `${name}() with an aborted signal`
        await rejectsWith(call, signal.reason, () => store[name](model, { signal }))
        expect((await isWhole(engine, store, model, ` after ${call}`)) === bytes, `${call} removes nothing`)
      }
    }),

    withStore('what an aborted load left is no whole model, and can be removed', async ({ engine, store }) => {
      await store.remove(model)
      const controller = new AbortController()
      const { signal } = controller
      const load = engine.load(model, { signal, onProgress: () => controller.abort() })
      await load.then(
        (loaded) => loaded.unload(),
        () => {},
      )
      // The load may have been complete when it was aborted.
      if ((await engine.status(model)) === 'absent') {
        expect((await missing(store, model)) !== 0, 'something is missing after an aborted load')
      }
      await store.remove(model)
      await isAbsent(engine, store, model)
    }),
  ]
}

async function missing(store: EngineStore, model: ModelInfo): Promise<number | undefined> {
  const bytes = await store.missingBytes(model)
  expect(bytes === undefined || isCount(bytes), `missingBytes() gives a count or undefined, not ${bytes}`)
  return bytes
}

/** Checks that nothing is there. What is missing is asked for first, so that the rest shows whether it was fetched. */
async function isAbsent(engine: Engine, store: EngineStore, model: ModelInfo): Promise<void> {
  expect((await missing(store, model)) !== 0, 'something is missing of an absent model')
  const status = await engine.status(model)
  expect(status === 'absent', `status() of an absent model is absent, not ${status}`)
  const bytes = await store.storedBytes(model)
  expect(bytes === 0, `nothing is stored of an absent model, not ${bytes}`)
}

/** Checks that all of it is there; gives how much that is. */
async function isWhole(engine: Engine, store: EngineStore, model: ModelInfo, when = ''): Promise<number> {
  const lacks = await missing(store, model)
  expect(!lacks, `nothing is missing of a model that is here${when}, not ${lacks}`)
  const status = await engine.status(model)
  expect(status === 'cached', `status() of a model that is here is cached${when}, not ${status}`)
  const bytes = await store.storedBytes(model)
  expect(isCount(bytes) && bytes > 0, `storedBytes() of a model that is here is a count${when}, not ${bytes}`)
  return bytes
}

function isCount(bytes: number): boolean {
  return Number.isSafeInteger(bytes) && bytes >= 0
}
