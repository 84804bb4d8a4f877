import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { HybridInferenceClient } from '../../src/client/client.ts'
import { FakeEngine } from '../../src/testing/fake-engine.ts'
import { FakeSurroundings, GRACE_MS, happens, serverWith, stopClock, visit } from './progressive-visit.ts'

const HOUR = 3_600_000

/** What a download that nobody waits for must not go on in, and its end. */
const OBSTACLES: Record<string, (there: FakeSurroundings, client: HybridInferenceClient, isThere: boolean) => void> = {
  'a metered connection': (there, _, isThere) => {
    there.metered = isThere
  },
  'a user who saves data': (there, _, isThere) => {
    there.saveData = isThere
  },
  'no connection': (there, _, isThere) => {
    there.offline = isThere
  },
  'a low battery': (there, _, isThere) => {
    there.level = isThere ? 0.19 : 0.2
  },
  'a user who wants no model': (_, client, isThere) => client.setMode(isThere ? 'never' : 'auto'),
}

/** A look at the network that takes until its end, once `isSlow`; those after it take no time. */
function slowLook() {
  const { promise, resolve } = Promise.withResolvers<void>()
  const look = { isSlow: false, isUnderWay: false, metered: false, end: resolve }
  const detectState = async () => {
    const network = { metered: look.metered }
    if (look.isSlow && !look.isUnderWay) {
      look.isUnderWay = true
      await promise
    }
    return { network }
  }
  return Object.assign(look, {
    detector: { detect: async () => ({ hasWebGPU: false, hasWebGL2: false }), detectState },
  })
}

describe('a download that nobody waits for', () => {
  for (const [name, set] of Object.entries(OBSTACLES)) {
    it(`is broken off by ${name}, and goes on when that has ended`, async (t) => {
      const clock = stopClock(t)
      const there = FakeSurroundings.install(t)
      const engine = new FakeEngine({ loadMs: 10_000, downloadSteps: 9 })
      const { client, offers } = visit(t, { engine })
      await client.generate('one')
      await clock.advance(GRACE_MS)
      await happens(() => engine.log.length === 1)
      await clock.advance(5000)
      assert.ok(engine.downloadedBytes > 0)
      set(there, client, true)
      await happens(() => engine.log.length === 2)
      await clock.advance(HOUR)
      assert.deepEqual(engine.log, ['load tiny', 'abort tiny'])
      set(there, client, false)
      await clock.advance(HOUR)
      assert.deepEqual(engine.log, ['load tiny', 'abort tiny', 'load tiny', 'loaded tiny'])
      assert.equal(engine.downloadedBytes, 1_000_000)
      assert.equal(offers.length, 1)
    })

    it(`does not begin with ${name}`, async (t) => {
      const clock = stopClock(t)
      const there = FakeSurroundings.install(t)
      const { client, engine, offers } = visit(t)
      await client.generate('one')
      set(there, client, true)
      await clock.advance(HOUR)
      assert.equal(offers.length, 0)
      set(there, client, false)
      await clock.advance(GRACE_MS)
      await happens(() => engine.resident === 1)
    })
  }

  it('begins when the obstacle ends while it is looked for', async (t) => {
    const clock = stopClock(t)
    const there = FakeSurroundings.install(t)
    const look = slowLook()
    const { client, engine } = visit(t, { detector: look.detector })
    await client.generate('one')
    look.isSlow = true
    look.metered = true
    await clock.advance(GRACE_MS)
    await happens(() => look.isUnderWay)
    look.metered = false
    there.metered = false
    look.end()
    await happens(() => engine.resident === 1)
  })

  it('leaves the word to a request that comes while its obstacles are looked for', async (t) => {
    const clock = stopClock(t)
    const look = slowLook()
    const { client, engine } = visit(t, { detector: look.detector, server: serverWith({ tokenMs: 10 * GRACE_MS }) })
    await clock.until(client.generate('one'))
    look.isSlow = true
    await clock.advance(GRACE_MS)
    await happens(() => look.isUnderWay)
    const second = client.generate('two')
    await clock.advance(GRACE_MS)
    look.end()
    await clock.advance(GRACE_MS)
    assert.deepEqual(engine.log, [])
    await clock.until(second)
    await clock.advance(GRACE_MS)
    await happens(() => engine.resident === 1)
  })

  it('waits until somebody looks, and goes on when they look away', async (t) => {
    const clock = stopClock(t)
    const there = FakeSurroundings.install(t)
    const { client, engine, offers } = visit(t, { engine: new FakeEngine({ loadMs: 10_000 }) })
    there.hidden = true
    await client.generate('one')
    await clock.advance(HOUR)
    assert.equal(offers.length, 0)
    there.hidden = false
    await clock.advance(GRACE_MS)
    await happens(() => engine.log.length === 1)
    there.hidden = true
    await clock.advance(10_000)
    assert.deepEqual(engine.log, ['load tiny', 'loaded tiny'])
  })

  it('is closed where the connection has become metered before the user answered', async (t) => {
    const clock = stopClock(t)
    const there = FakeSurroundings.install(t)
    const { client, engine, offers } = visit(t, { onOffer: () => new Promise(() => {}) })
    await client.generate('one')
    await clock.advance(GRACE_MS)
    await happens(() => offers.length === 1)
    there.metered = true
    await happens(() => offers[0]?.signal.aborted === true)
    assert.deepEqual(engine.log, [])
  })
})

describe('a model on disk', () => {
  const setUp = (t: Parameters<typeof visit>[0]) => {
    const route = () => ({ target: 'server', useBrowser: false }) as const
    return visit(t, { server: serverWith({ route }), engine: new FakeEngine({ cached: ['tiny'] }) })
  }

  it('is loaded whatever the connection', async (t) => {
    const clock = stopClock(t)
    const there = FakeSurroundings.install(t)
    there.metered = true
    there.offline = true
    const { client, engine } = setUp(t)
    await client.generate('one')
    await clock.advance(GRACE_MS)
    await happens(() => engine.resident === 1)
  })

  it('waits for a battery that is not low, or is being charged', async (t) => {
    const clock = stopClock(t)
    const there = FakeSurroundings.install(t)
    there.level = 0.1
    const { client, engine } = setUp(t)
    await client.generate('one')
    await clock.advance(HOUR)
    assert.deepEqual(engine.log, [])
    there.charging = true
    await clock.advance(GRACE_MS)
    await happens(() => engine.resident === 1)
  })
})

describe('what surrounds the page', () => {
  it('is watched from the first use to the end, for whoever shows it', async (t) => {
    const there = FakeSurroundings.install(t)
    const { client } = visit(t, { preloads: 'manual' })
    let changes = 0
    client.subscribe(() => changes++)
    assert.equal(there.listeners, 0)
    await client.initialize()
    await happens(() => there.listeners === 7)
    const told = (change: () => void): number => {
      const before = changes
      change()
      return changes - before
    }
    const tries: (() => void)[] = [
      () => {
        there.metered = true
      },
      () => {
        there.offline = true
      },
      () => {
        there.offline = false
      },
      () => {
        there.level = 0.5
      },
      () => {
        there.charging = true
      },
      () => client.setMode('always'),
    ]
    assert.deepEqual(tries.map(told), [1, 1, 1, 1, 1, 1])
    assert.deepEqual(await client.state(), {
      battery: { levelPermille: 500, charging: true },
      network: { saveData: false, metered: true },
      models: { tiny: { status: 'absent' } },
      mode: 'always',
    })
    await client.dispose()
    assert.equal(there.listeners, 0)
    assert.equal(
      told(() => {
        there.metered = false
      }),
      0,
    )
  })
})
