// What a visit measures, the next one decides by.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { HybridInferenceClient } from '../../src/client/client.ts'
import type { ClientStorage } from '../../src/client/options.ts'
import { FakeEngine, FakeServer, testSnapshot, VirtualClock } from '../../src/testing/index.ts'
import type { DeviceCapabilities } from '../../src/wire.ts'
import { memory } from './progressive-visit.ts'

const DAY = 24 * 3600 * 1000
const ANSWER = 'one two three four five six seven eight nine ten'
const wish = { maxTokens: 100 }

/** One visit: a device whose engine takes so long for a token, and what is stored there. */
function visit(given: { tokenMs: number; storage: ClientStorage; device?: DeviceCapabilities }) {
  const { tokenMs, storage, device = { browserName: 'chrome', browserVersion: '150' } } = given
  const policies = [...testSnapshot().policies, { name: 'speed', options: { deadlineMs: 10_000 } }]
  const { baseURL, fetch } = new FakeServer({ policies })
  const engine = new FakeEngine({ cached: ['tiny'], tokenMs, answer: ANSWER })
  const detector = { detect: async () => device, detectState: async () => ({}) }
  const client = new HybridInferenceClient({ baseURL, fetch, engines: [engine], detector, storage, reports: false })
  return { client, engine }
}

/** A first visit, in which the model answers once. */
async function first(clock: VirtualClock, given: Parameters<typeof visit>[0]): Promise<void> {
  const { client } = visit(given)
  const { source } = await clock.until(client.generate('hi', wish))
  assert.equal(source, 'browser')
  await clock.until(client.dispose())
}

describe('a second visit', () => {
  for (const [kind, tokenMs, source, reason] of [
    ['slow', 500, 'server', 'too_slow'],
    ['fast', 5, 'browser', 'optimal_for_browser'],
  ] as const) {
    it(`is answered by the ${source} on a ${kind} device`, async () => {
      using clock = VirtualClock.install()
      const storage = memory()
      await first(clock, { tokenMs, storage })
      const { client, engine } = visit({ tokenMs, storage })
      const { route } = await clock.until(client.generate('hi', wish))
      assert.deepEqual([route.source, route.reason], [source, reason])
      if (source === 'server') assert.deepEqual(engine.requests, [])
      await clock.until(client.dispose())
    })
  }

  it('with another version of the browser has to learn it anew', async () => {
    using clock = VirtualClock.install()
    const storage = memory()
    await first(clock, { tokenMs: 500, storage })
    const { client } = visit({ tokenMs: 500, storage, device: { browserName: 'chrome', browserVersion: '151' } })
    assert.equal((await clock.until(client.generate('hi', wish))).source, 'browser')
    await clock.until(client.dispose())
  })

  it('after a month has to learn it anew', async () => {
    using clock = VirtualClock.install()
    const storage = memory()
    await first(clock, { tokenMs: 500, storage })
    await clock.advance(31 * DAY)
    const { client } = visit({ tokenMs: 500, storage })
    assert.equal((await clock.until(client.generate('hi', wish))).source, 'browser')
    await clock.until(client.dispose())
  })

  it('believes a device that has become faster, in time', async () => {
    using clock = VirtualClock.install()
    const storage = memory()
    await first(clock, { tokenMs: 500, storage })
    const { client } = visit({ tokenMs: 5, storage })
    const force = { ...wish, force: 'browser' } as const
    assert.equal((await clock.until(client.generate('hi', wish))).source, 'server')
    for (let i = 0; i < 2; i++) await clock.until(client.generate('hi', force))
    assert.equal((await clock.until(client.generate('hi', wish))).source, 'browser')
    await clock.until(client.dispose())
  })
})
