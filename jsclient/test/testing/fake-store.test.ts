import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { LoadProgress } from '../../src/engine/engine.ts'
import type { EngineFault } from '../../src/testing/engine-faults.ts'
import { FakeEngine, type FakeEngineOptions } from '../../src/testing/fake-engine.ts'
import { testModel } from '../../src/testing/model.ts'
import { VirtualClock } from '../../src/testing/virtual-clock.ts'

const model = testModel({ source: { url: 'v2' } })
const earlier = testModel({ source: { url: 'v1' }, sizeBytes: 300_000 })
const other = testModel({ id: 'other' })

/** What is missing of the model, and what is there of all its versions. */
async function sizes({ store }: FakeEngine, of = model): Promise<[number | undefined, number | undefined]> {
  return [await store?.missingBytes(of), await store?.storedBytes(of)]
}

async function reportsOf(engine: FakeEngine): Promise<LoadProgress[]> {
  const reports: LoadProgress[] = []
  await engine.load(model, { onProgress: (report) => reports.push(report) })
  return reports
}

describe('a fake store', () => {
  test('tells what is missing and what is there, of each model', async () => {
    const engine = new FakeEngine()
    assert.deepEqual(await sizes(engine), [1_000_000, 0])
    await engine.load(model)
    assert.deepEqual(await sizes(engine), [0, 1_000_000])
    assert.deepEqual(await sizes(engine, other), [1_000_000, 0])
    assert.deepEqual(await sizes(engine, testModel({ id: 'vague', sizeBytes: 0 })), [undefined, 0])
  })

  test('has what is said to be cached, in the version that is asked for', async () => {
    const engine = new FakeEngine({ cached: ['tiny'] })
    assert.deepEqual(await sizes(engine), [0, 1_000_000])
    assert.deepEqual(await sizes(engine, earlier), [300_000, 1_000_000])
  })

  test('tells versions apart, and removes old ones or all', async () => {
    const engine = new FakeEngine()
    for (const each of [earlier, model, other]) await engine.load(each)
    assert.deepEqual(await sizes(engine), [0, 1_300_000])
    await engine.store?.removeOld(model)
    assert.deepEqual([await engine.status(earlier), await engine.status(model)], ['absent', 'cached'])
    assert.deepEqual(await sizes(engine), [0, 1_000_000])
    await engine.load(earlier)
    await engine.store?.remove(model)
    assert.deepEqual([await engine.status(earlier), await engine.status(model)], ['absent', 'absent'])
    assert.deepEqual(await sizes(engine), [1_000_000, 0])
    assert.equal(await engine.status(other), 'cached')
  })

  test('hears an abort', async () => {
    const { store } = new FakeEngine({ cached: ['tiny'] })
    const signal = AbortSignal.abort(new Error('never mind'))
    for (const name of ['missingBytes', 'storedBytes', 'remove', 'removeOld'] as const) {
      await assert.rejects(async () => store?.[name](model, { signal }), { message: 'never mind' })
    }
    assert.equal(await store?.missingBytes(model), 0)
  })

  for (const [options, has] of [
    [{}, true],
    [{ store: false }, false],
    [{ keepsModels: false }, false],
    [{ keepsModels: false, store: true }, true],
  ] satisfies [FakeEngineOptions, boolean][]) {
    test(`is ${has ? 'there' : 'not there'} with ${JSON.stringify(options)}`, async () => {
      const engine = new FakeEngine(options)
      assert.equal(engine.store !== undefined, has)
      await engine.load(model)
      assert.equal(await engine.status(model), options.keepsModels === false ? 'absent' : 'cached')
    })
  }

  test('is that of another tab, too', async () => {
    const tabs = [new FakeEngine({ cached: ['other'] })]
    tabs.push(new FakeEngine({ diskOf: tabs[0] as FakeEngine }))
    await tabs[0]?.load(model)
    await tabs[1]?.load(model)
    assert.deepEqual(
      tabs.map(({ downloads, downloadedBytes }) => [downloads, downloadedBytes]),
      [
        [1, 1_000_000],
        [0, 0],
      ],
    )
    assert.equal(await tabs[1]?.status(other), 'cached')
  })

  test('has nothing of what was removed while it was loaded', async () => {
    const engine = new FakeEngine()
    await engine.load(model, { onProgress: () => void engine.store?.remove(model) })
    assert.deepEqual(await sizes(engine), [1_000_000, 0])
  })
})

describe('a download', () => {
  test('comes in as many steps as it is told, in the time that it is told', async () => {
    using clock = VirtualClock.install()
    const engine = new FakeEngine({ downloadSteps: 3, loadMs: 30_000 })
    const seen: unknown[] = []
    const loading = engine.load(model, {
      onProgress: ({ progress, loadedBytes }) => seen.push([clock.elapsed(), progress, loadedBytes]),
    })
    await clock.advance(30_000)
    await loading
    assert.deepEqual(seen, [
      [0, 0.25, 250_000],
      [10_000, 0.5, 500_000],
      [20_000, 0.75, 750_000],
      [30_000, 1, 1_000_000],
    ])
  })

  test('that was aborted goes on where it was, also on another visit', async () => {
    const first = new FakeEngine()
    const controller = new AbortController()
    const onProgress = () => controller.abort(new Error('enough'))
    await assert.rejects(first.load(model, { signal: controller.signal, onProgress }), { message: 'enough' })
    assert.equal(await first.status(model), 'absent')
    assert.deepEqual(await sizes(first), [500_000, 500_000])
    const second = new FakeEngine({ diskOf: first })
    assert.deepEqual(await reportsOf(second), [
      { progress: 0.5, stage: 'download', loadedBytes: 250_000, totalBytes: 500_000 },
      { progress: 1, stage: 'load', loadedBytes: 500_000, totalBytes: 500_000 },
    ])
    assert.deepEqual([first.downloadedBytes, second.downloadedBytes], [500_000, 500_000])
    assert.equal(await first.status(model), 'cached')
  })

  test('leaves nothing where nothing is kept', async () => {
    const engine = new FakeEngine({ keepsModels: false, store: true, faults: [{ at: 'load', does: 'fail', times: 1 }] })
    await assert.rejects(engine.load(model))
    assert.deepEqual(await sizes(engine), [1_000_000, 0])
    await engine.load(model)
    assert.equal(engine.downloadedBytes, 1_500_000)
  })

  for (const [bytes, reports] of [
    [0, 0],
    [333, 0],
    [500_000, 1],
    [999_999, 2],
  ] as const) {
    test(`fails when it is told to, at ${bytes} bytes`, async () => {
      const fault: EngineFault = { at: { bytes }, does: 'fail', times: 2 }
      const engine = new FakeEngine({ faults: [fault] })
      const seen: LoadProgress[] = []
      for (let attempt = 0; attempt < 2; attempt++) {
        const loading = engine.load(model, { onProgress: (report) => seen.push(report) })
        await assert.rejects(loading, { name: 'ModelLoadError', code: 'download_failed', stage: 'load' })
        assert.deepEqual([await sizes(engine), engine.downloadedBytes], [[1_000_000 - bytes, bytes], bytes])
      }
      assert.equal(seen.length, reports)
      await engine.load(model)
      assert.deepEqual([engine.downloadedBytes, engine.downloads], [1_000_000, 3])
    })
  }

  test('fails never where it has been already, or is at its end', async () => {
    const engine = new FakeEngine({ faults: [{ at: 'load', does: 'fail', times: 1 }] })
    await assert.rejects(engine.load(model))
    const faults = [400_000, 1_000_000].map((bytes): EngineFault => ({ at: { bytes }, does: 'fail' }))
    engine.faults = faults
    await engine.load(model)
  })

  test('fails at several places, each in its turn', async () => {
    const fault = (bytes: number, code: string): EngineFault => ({ at: { bytes }, does: 'fail', code, times: 1 })
    const engine = new FakeEngine({ faults: [fault(200, 'quota_exceeded'), fault(100, 'acme')] })
    await assert.rejects(engine.load(model), { code: 'acme' })
    await assert.rejects(engine.load(model), { code: 'quota_exceeded' })
    await engine.load(model)
  })

  test('hangs where it is told to, hears an abort, and keeps what came', async () => {
    const engine = new FakeEngine({ faults: [{ at: { bytes: 700_000 }, does: 'hang', times: 1 }] })
    const controller = new AbortController()
    const loading = engine.load(model, { signal: controller.signal })
    while (engine.downloadedBytes < 700_000) await new Promise(setImmediate)
    controller.abort(new Error('too long'))
    await assert.rejects(loading, { message: 'too long' })
    assert.deepEqual(await sizes(engine), [300_000, 700_000])
    assert.deepEqual(engine.log, ['load tiny', 'abort tiny'])
  })
})
