/** How a model and an engine are ended, by their user or by themselves. */
import type { EngineEvent, LoadProgress } from '../../engine/engine.ts'
import { EngineError } from '../../errors/engine-error.ts'
import { isEngineLostError } from '../../errors/engine-lost-error.ts'
import { collect } from './collect.ts'
import { begun, expect, fails, pause } from './expect.ts'
import type { Checks } from './kit.ts'

/** Stands for the end of a load that was complete when it was to be ended. */
const COMPLETE = new EngineError('complete', { stage: 'load', code: 'not_loaded' })

export const ending: Checks = ({ subject, check, withModel }) => {
  const { model, request } = subject
  return [
    withModel('unload is idempotent, ends what runs, and is no loss', async ({ loaded }) => {
      let lost = false
      void loaded.lost.then(() => {
        lost = true
      })
      const unloading = async (): Promise<void> => {
        for await (const event of loaded.generate(request)) if (event.type === 'delta') await loaded.unload()
      }
      await fails('unload() while an answer runs: generate()', unloading, 'generate', ['not_loaded'])
      await loaded.unload()
      await fails('generate() after unload()', () => collect(loaded, request), 'generate', ['not_loaded'])
      await pause()
      expect(!lost, '`lost` stays pending after unload()')
    }),

    withModel('unload ends those who wait in the line, too', async ({ loaded }) => {
      const running = loaded.generate(request)[Symbol.asyncIterator]()
      await running.next()
      const call = 'unload() while calls wait in the line: the waiting generate()'
      const waiting = [1, 2].map(() => begun(fails(call, () => collect(loaded, request), 'generate', ['not_loaded'])))
      await Promise.all([loaded.unload(), loaded.unload()])
      await fails('unload() while an answer runs: generate()', () => readOn(running), 'generate', ['not_loaded'])
      await Promise.all(waiting)
    }),

    check('unload frees the model', async ({ engine, skip }) => {
      if (!subject.resources) return skip('the subject does not tell what it holds')
      const before = await subject.resources()
      const loaded = await engine.load(model)
      expect((await subject.resources()) > before, 'resources() counts a loaded model')
      await collect(loaded, { ...request, maxTokens: 1 })
      await loaded.unload()
      const after = await subject.resources()
      expect(after <= before, `unload() frees what load() took: ${before} are held, not ${after}`)
    }),

    check('dispose is idempotent and ends a load', async ({ engine }) => {
      const load = async (): Promise<void> => {
        let first: number | undefined
        const onProgress = ({ progress }: LoadProgress): void => {
          first ??= progress
          void engine.dispose()
        }
        const loaded = await engine.load(model, { onProgress })
        await loaded.unload()
        if (first === 1) throw COMPLETE
      }
      await fails('dispose() while a load runs: load()', load, 'load')
      await engine.dispose()
      await engine.dispose()
    }),

    check('dispose ends a load that was just asked for', async ({ engine }) => {
      const loading = begun(fails('dispose() right after load(): load()', () => engine.load(model), 'load'))
      await engine.dispose()
      await loading
    }),

    withModel('dispose ends what runs and what waits', async ({ loaded, engine }) => {
      const running = loaded.generate(request)[Symbol.asyncIterator]()
      await running.next()
      const ask = () => collect(loaded, request)
      const waiting = begun(fails('dispose() while a call waits: generate()', ask, 'generate'))
      await engine.dispose()
      await fails('dispose() while an answer runs: generate()', () => readOn(running), 'generate')
      await waiting
      await fails('generate() after dispose()', ask, 'generate')
      await loaded.unload()
    }),

    withModel('an engine that dies says so, and a new one works', async ({ loaded, engine, skip, fresh }) => {
      if (!subject.crash) return skip('the subject does not tell how to crash it')
      const running = loaded.generate(request)[Symbol.asyncIterator]()
      await running.next()
      const ask = () => collect(loaded, request)
      const waiting = begun(fails('a death while a call waits: generate()', ask, 'generate'))
      await subject.crash(loaded)
      const lost = await loaded.lost
      expect(isEngineLostError(lost), `\`lost\` resolves with an EngineLostError, not ${lost}`)
      await fails('a death while an answer runs: generate()', () => readOn(running), 'generate')
      await waiting
      await fails('generate() after a death', ask, 'generate', ['lost'])
      await loaded.unload()
      await engine.dispose()
      await fresh((again) => collect(again, { ...request, maxTokens: 4 }))
    }),
  ]
}

async function readOn(events: AsyncIterator<EngineEvent>): Promise<void> {
  while (!(await events.next()).done);
}
