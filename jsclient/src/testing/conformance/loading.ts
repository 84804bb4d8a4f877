/** How a model becomes resident. */
import type { LoadProgress } from '../../engine/engine.ts'
import { collect } from './collect.ts'
import { begun, deepFreeze, expect, pause, rejection, rejectsWith } from './expect.ts'
import type { Checks } from './kit.ts'

export const loading: Checks = ({ subject: { model, request }, check, withModel }) => [
  check('load reports progress that never falls and ends at 1', async ({ engine }) => {
    const seen: LoadProgress[] = []
    const loaded = await engine.load(model, { onProgress: (progress) => seen.push(progress) })
    expect(loaded.model === model, 'the loaded model is the one that was asked for')
    expect(seen.at(-1)?.progress === 1, `the last progress is 1, not ${seen.at(-1)?.progress}`)
    seen.forEach((report, i) => {
      const { progress, stage, loadedBytes = 0, totalBytes = Infinity } = report
      const before = seen[i - 1]
      expect(progress >= 0 && progress <= 1, `progress is between 0 and 1, not ${progress}`)
      expect(stage === 'download' || stage === 'load', `a stage is download or load, not ${stage}`)
      expect(loadedBytes >= 0 && loadedBytes <= totalBytes, `${loadedBytes} of ${totalBytes} bytes may be loaded`)
      if (!before) return
      expect(progress >= before.progress, `progress does not fall from ${before.progress} to ${progress}`)
      expect((report.loadedBytes ?? Infinity) >= (before.loadedBytes ?? 0), 'bytes do not fall')
    })
    const reports = seen.length
    await pause()
    expect(seen.length === reports, 'nothing is reported when the load is complete')
  }),

  check("a model's entry is left as it was", async ({ engine }) => {
    const frozen = deepFreeze(structuredClone(model))
    await engine.status(frozen)
    await collect(await engine.load(frozen), { ...request, maxTokens: 1 })
  }),

  check('an aborted load rejects with the reason, and the next one works', async ({ engine }) => {
    const controller = new AbortController()
    const reason = new Error('too big')
    const seen: number[] = []
    await rejectsWith('load() that is aborted at its first progress', reason, async () => {
      const loaded = await engine.load(model, {
        signal: controller.signal,
        onProgress: ({ progress }) => {
          seen.push(progress)
          controller.abort(reason)
        },
      })
      await loaded.unload()
      if (seen[0] === 1) throw reason // It was complete when it was aborted.
    })
    expect(seen.length === 1, `no progress comes after the abort, not ${seen.slice(1)}`)
    const never = { signal: AbortSignal.abort(reason) }
    await rejectsWith('load() with an aborted signal', reason, () => engine.load(model, never))
    await collect(await engine.load(model), { ...request, maxTokens: 1 })
  }),

  check('a load may be aborted before it has begun, and after it has ended', async ({ engine }) => {
    const controller = new AbortController()
    const reason = new Error('changed my mind')
    const load = () => engine.load(model, { signal: controller.signal })
    const early = begun(rejectsWith('load() that is aborted at once', reason, load))
    controller.abort(reason)
    await early
    const later = new AbortController()
    const loaded = await engine.load(model, { signal: later.signal })
    later.abort(reason)
    await pause()
    await collect(loaded, { ...request, maxTokens: 1 })
  }),

  withModel(
    'a model that was unloaded loads again, and what is left of the first load disturbs nobody',
    async (trial) => {
      const { engine, loaded: first } = trial
      await first.unload()
      const second = await engine.load(model)
      await first.unload()
      await rejection('generate() of a model that was unloaded', () => collect(first, request))
      await collect(second, { ...request, maxTokens: 4 })
    },
  ),
]
