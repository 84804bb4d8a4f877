// Waiting for an answer, and no longer than it takes.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { HybridInferenceClient } from '../../src/client/client.ts'
import { FakeEngine, FakeServer, VirtualClock } from '../../src/testing/index.ts'
import { startTimeout } from '../../src/timeout.ts'

describe('a timeout', () => {
  it('aborts when it is time, as a TimeoutError, and not when it was cleared', (t) => {
    t.mock.timers.enable({ apis: ['setTimeout'] })
    const [kept, cleared] = [startTimeout(100), startTimeout(100)]
    t.mock.timers.tick(99)
    assert.equal(kept.signal.aborted, false)
    cleared.clear()
    t.mock.timers.tick(1)
    assert.deepEqual([kept.signal.aborted, cleared.signal.aborted], [true, false])
    assert.equal((kept.signal.reason as Error).name, 'TimeoutError')
  })

  it('may be longer than a timer takes', (t) => {
    t.mock.timers.enable({ apis: ['setTimeout'] })
    const { signal } = startTimeout(Number.POSITIVE_INFINITY)
    t.mock.timers.tick(1_000_000)
    assert.equal(signal.aborted, false)
  })
})

describe('a client', () => {
  it('leaves no timer behind when its requests are answered', async () => {
    using clock = VirtualClock.install()
    const { baseURL, fetch } = new FakeServer()
    const client = new HybridInferenceClient({ baseURL, fetch, engines: [new FakeEngine()], reports: false })
    await clock.until(client.initialize())
    for (let i = 0; i < 3; i++) assert.equal((await clock.until(client.generate('hi'))).source, 'browser')
    assert.equal(clock.pending, 0)
    await clock.until(client.dispose())
  })
})
