/** How a model and an engine are ended, by their user or by themselves. */
import type { EngineEvent } from '../../engine/engine.ts'
import { isEngineLostError } from '../../errors/engine-lost-error.ts'
import { collect } from './collect.ts'
import { begun, expect, expectEngineError, pause, rejection } from './expect.ts'
import type { Checks } from './kit.ts'

export const ending: Checks = ({ subject, check, withModel }) => {
  const { model, request } = subject
  return [
    withModel('unload is idempotent, ends what runs, and is no loss', async ({ loaded }) => {
      let lost = false
      void loaded.lost.then(() => {
        lost = true
      })
      const error = await rejection(async () => {
        for await (const event of loaded.generate(request)) if (event.type === 'delta') await loaded.unload()
      })
      expectEngineError(error, 'generate', ['not_loaded'])
      await loaded.unload()
      expectEngineError(await rejection(() => collect(loaded, request)), 'generate', ['not_loaded'])
      await pause()
      expect(!lost, 'the model is not lost')
    }),

    withModel('unload ends those who wait in the line, too', async ({ loaded }) => {
      const running = loaded.generate(request)[Symbol.asyncIterator]()
      await running.next()
      const waiting = [1, 2].map(() => begun(rejection(() => collect(loaded, request))))
      await Promise.all([loaded.unload(), loaded.unload()])
      expectEngineError(await rejection(() => readOn(running)), 'generate', ['not_loaded'])
      for (const error of await Promise.all(waiting)) expectEngineError(error, 'generate', ['not_loaded'])
    }),

    check('unload frees the model', async ({ engine, skip }) => {
      if (!subject.resources) return skip('the subject does not tell what it holds')
      const before = await subject.resources()
      const loaded = await engine.load(model)
      expect((await subject.resources()) > before, 'a loaded model is held')
      await collect(loaded, { ...request, maxTokens: 1 })
      await loaded.unload()
      const after = await subject.resources()
      expect(after <= before, `nothing of it is held, not ${after} instead of ${before}`)
    }),

    check('dispose is idempotent and ends a load', async ({ engine }) => {
      const error = await rejection(() => engine.load(model, { onProgress: () => void engine.dispose() }))
      expectEngineError(error, 'load')
      await engine.dispose()
      await engine.dispose()
    }),

    withModel('dispose ends what runs and what waits', async ({ loaded, engine }) => {
      const running = loaded.generate(request)[Symbol.asyncIterator]()
      await running.next()
      const waiting = begun(rejection(() => collect(loaded, request)))
      await engine.dispose()
      expectEngineError(await rejection(() => readOn(running)), 'generate')
      expectEngineError(await waiting, 'generate')
      expectEngineError(await rejection(() => collect(loaded, request)), 'generate')
      await loaded.unload()
    }),

    withModel('an engine that dies says so, and a new one works', async ({ loaded, engine, skip, fresh }) => {
      if (!subject.crash) return skip('the subject does not tell how to crash it')
      const running = loaded.generate(request)[Symbol.asyncIterator]()
      await running.next()
      const waiting = begun(rejection(() => collect(loaded, request)))
      await subject.crash(loaded)
      const lost = await loaded.lost
      expect(isEngineLostError(lost), `lost resolves with an EngineLostError, not ${lost}`)
      expectEngineError(await rejection(() => readOn(running)), 'generate')
      expectEngineError(await waiting, 'generate')
      expectEngineError(await rejection(() => collect(loaded, request)), 'generate', ['lost'])
      await loaded.unload()
      await engine.dispose()
      await fresh((again) => collect(again, { ...request, maxTokens: 4 }))
    }),
  ]
}

async function readOn(events: AsyncIterator<EngineEvent>): Promise<void> {
  while (!(await events.next()).done);
}
