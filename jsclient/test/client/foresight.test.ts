// Before a first download the page looks whether this device is up to the model.
import assert from 'node:assert/strict'
import { describe, it, type TestContext } from 'node:test'
import { HybridInferenceClient } from '../../src/client/client.ts'
import type { ClientStorage, DeviceDetector } from '../../src/client/options.ts'
import { isNoTargetError } from '../../src/errors/no-target-error.ts'
import { FakeEngine, FakeServer, testModel, testSnapshot } from '../../src/testing/index.ts'
import type { DeviceCapabilities, PolicySpec } from '../../src/wire.ts'
import { GRACE_MS, happens, memory, stopClock } from './progressive-visit.ts'
import { rejection, until } from './setup.ts'

const GB = 1e9
const MODEL = testModel({ sizeBytes: GB, requires: { gpu: 'webgpu' } })
const REAL: DeviceCapabilities = { hasWebGPU: true, gpu: { vendor: 'acme' }, browserName: 'chrome' }

/** 100 tokens in 10 s: 10 tokens per second, of which the memory has to bring 5 GB per second at least. */
const WISH = { maxTokens: 100 }
const SPEED: PolicySpec = { name: 'speed', options: { deadlineMs: 10_000 } }
/** By which the server answers until the model is here. */
const READINESS: PolicySpec[] = [{ name: 'readiness' }]
const SLOW = 4 * GB
const FAST = 6 * GB

interface Given {
  bytesPerSecond?: number | undefined
  device?: DeviceCapabilities
  storage?: ClientStorage | false
  policies?: PolicySpec[]
  cached?: string[]
  idle?: boolean
  detectBandwidth?: DeviceDetector['detectBandwidth']
}

function visit(t: TestContext, given: Given = {}) {
  const { device = REAL, storage = false, bytesPerSecond, policies = [], cached = [], idle } = given
  let looks = 0
  const detectBandwidth = given.detectBandwidth ?? (async () => bytesPerSecond)
  const detector: DeviceDetector = {
    detect: async () => device,
    detectState: async () => ({}),
    detectBandwidth: (options) => {
      looks++
      return detectBandwidth(options)
    },
  }
  const capability = testSnapshot().policies.filter(({ name }) => name !== 'readiness')
  const { baseURL, fetch } = new FakeServer({ models: [MODEL], policies: [...capability, ...policies, SPEED] })
  const answer = 'one two three four five six seven eight nine ten'
  const engine = new FakeEngine({ cached, answer, tokenMs: 5 })
  const offers: string[] = []
  const onOffer = ({ model }: { model: { id: string } }) => Boolean(offers.push(model.id))
  const client = new HybridInferenceClient({
    baseURL,
    fetch,
    engines: [engine],
    detector,
    storage,
    reports: false,
    onOffer,
    preloads: idle ? 'idle' : 'manual',
  })
  t.after(() => client.dispose())
  return { client, engine, offers, looks: () => looks }
}

describe('a request that would begin with a download', () => {
  it('goes to the server where the model can only be too slow, and nobody is asked for the download', async (t) => {
    const { client, engine, offers, looks } = visit(t, { bytesPerSecond: SLOW })
    const { route } = await client.generate('hi', WISH)
    assert.deepEqual([route.source, route.reason, looks()], ['server', 'too_slow', 1])
    assert.deepEqual([engine.log, offers], [[], []])
    const { models } = await client.state()
    assert.equal(models?.[MODEL.id]?.predictedTokensPerSecondMilli, 8000)
  })

  for (const [which, given, seen] of [
    ['the model may be fast enough', { bytesPerSecond: FAST }, 1],
    ['nothing could be seen', {}, 1],
    ['nothing sensible was seen', { bytesPerSecond: Number.NaN }, 1],
    ['the app says that nothing may be seen', { detectBandwidth: async () => Promise.reject(new Error('no')) }, 1],
    ['the model is on disk', { cached: [MODEL.id], bytesPerSecond: SLOW }, 0],
  ] satisfies [string, Given, number][]) {
    it(`goes its way where ${which}`, async (t) => {
      const { client, looks } = visit(t, given)
      const { route } = await client.generate('hi', WISH)
      assert.deepEqual([route.source, looks()], ['browser', seen])
    })
  }

  it('looks at no software adapter', async (t) => {
    const { client, looks } = visit(t, { device: { ...REAL, gpu: { isFallbackAdapter: true } }, bytesPerSecond: SLOW })
    await rejection(client.generate('hi', { ...WISH, force: 'browser' }))
    await rejection(client.preload())
    assert.equal(looks(), 0)
  })

  it('stays on the device where it must, however slow that is', async (t) => {
    const { client } = visit(t, { bytesPerSecond: SLOW })
    await client.initialize()
    const { source } = await client.generate('hi', { ...WISH, privacy: 'local-only' })
    assert.equal(source, 'browser')
  })

  it('is not held up by a probe that hangs', async (t) => {
    const clock = stopClock(t)
    const { client } = visit(t, { detectBandwidth: () => new Promise(() => {}) })
    const { source, route } = await clock.until(client.generate('hi', WISH))
    assert.deepEqual([source, route.ttftMs], ['browser', 505])
  })

  it('gives the probe up when it is aborted, and the next one looks again', async (t) => {
    let given: AbortSignal | undefined
    const { client, looks } = visit(t, {
      detectBandwidth: ({ signal }) => {
        given = signal
        return new Promise(() => {})
      },
    })
    for (const count of [1, 2]) {
      const controller = new AbortController()
      const answer = rejection(client.generate('hi', { ...WISH, signal: controller.signal }))
      await until(() => looks() === count)
      controller.abort()
      await answer
      assert.equal(given?.aborted, true)
    }
  })

  it('looks once: what was seen is kept for later visits to the same device', async (t) => {
    const storage = memory()
    const first = visit(t, { storage, bytesPerSecond: SLOW })
    for (let i = 0; i < 2; i++) await first.client.generate('hi', WISH)
    assert.equal(first.looks(), 1)
    const second = visit(t, { storage, bytesPerSecond: FAST })
    assert.equal((await second.client.generate('hi', WISH)).route.reason, 'too_slow')
    assert.equal(second.looks(), 0)
    const other = visit(t, { storage, bytesPerSecond: FAST, device: { ...REAL, gpu: { vendor: 'other' } } })
    assert.equal((await other.client.generate('hi', WISH)).source, 'browser')
    assert.equal(other.looks(), 1)
  })

  it('believes nothing that storage makes up', async (t) => {
    const storage = memory()
    storage.setItem('edgewise.bandwidth', JSON.stringify({ version: 1, device: 7, at: 'now', bytesPerSecond: 'slow' }))
    assert.equal((await visit(t, { storage }).client.generate('hi', WISH)).source, 'browser')
  })
})

describe('a prediction', () => {
  it('gives way to what was measured', async (t) => {
    const clock = stopClock(t)
    const { client } = visit(t, { bytesPerSecond: SLOW })
    const ask = async (wish = {}) => (await clock.until(client.generate('hi', { ...WISH, ...wish }))).route.reason
    const known = async () => (await clock.until(client.state())).models?.[MODEL.id] ?? {}
    assert.equal(await ask(), 'too_slow')
    assert.equal((await known()).predictedTokensPerSecondMilli, 8000)
    await ask({ force: 'browser' })
    const { tokensPerSecondMilli = 0, predictedTokensPerSecondMilli } = await known()
    assert.deepEqual([tokensPerSecondMilli > 10_000, predictedTokensPerSecondMilli], [true, undefined])
    assert.equal(await ask(), 'optimal_for_browser')
  })

  it('never makes a device do what it would not have done without', async (t) => {
    const battery: DeviceCapabilities = { ...REAL, estimatedAvailableRAMGB: 0.01 }
    const reasonWith = async (bytesPerSecond: number | undefined) => {
      const { client } = visit(t, { bytesPerSecond, device: battery })
      return (await client.generate('hi', WISH)).route.reason
    }
    assert.equal(await reasonWith(1e15), await reasonWith(undefined))
  })
})

describe('preload', () => {
  for (const policies of [[], READINESS]) {
    const by = policies.length > 0 ? ', also where the server would answer meanwhile' : ''
    it(`finds no model where the one that would run here could only be too slow${by}`, async (t) => {
      const { client, engine, looks } = visit(t, { bytesPerSecond: GB / 1000, policies })
      for (let i = 0; i < 2; i++) {
        const error = await rejection(client.preload())
        assert.ok(isNoTargetError(error), String(error))
        assert.equal(error.reason, 'too_slow')
      }
      assert.deepEqual([engine.log, looks()], [[], 1])
    })
  }

  it('finds the model that may be fast enough', async (t) => {
    const { client, engine } = visit(t, { bytesPerSecond: 100 * GB, policies: READINESS })
    await client.preload()
    assert.equal(engine.log.at(-1), `loaded ${MODEL.id}`)
  })

  it('of a model by its name looks at nothing', async (t) => {
    const { client, looks, engine } = visit(t, { bytesPerSecond: GB / 1000 })
    await client.preload(MODEL.id)
    assert.deepEqual([looks(), engine.log.at(-1)], [0, `loaded ${MODEL.id}`])
  })
})

describe('a model that would be loaded while nothing else goes on', () => {
  for (const [which, bytesPerSecond, log] of [
    ['is not where it can only be too slow', GB / 1000, []],
    ['is where it may be fast enough', 100 * GB, [`load ${MODEL.id}`, `loaded ${MODEL.id}`]],
  ] as const) {
    it(which, async (t) => {
      const clock = stopClock(t)
      const { client, engine, offers, looks } = visit(t, { bytesPerSecond, policies: READINESS, idle: true })
      const { source } = await clock.until(client.generate('hi', WISH))
      assert.deepEqual([source, looks()], ['server', 0])
      await clock.advance(GRACE_MS)
      await happens(() => looks() === 1)
      await clock.advance(10 * GRACE_MS)
      assert.deepEqual([engine.log, offers.length], [log, log.length / 2])
    })
  }
})
