/** What README.md says of testing an app. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { HybridInferenceClient } from '../../src/index.ts'
import { FakeEngine, FakeServer, VirtualClock } from '../../src/testing/index.ts'

// snippet:begin
test('the server takes over when the disk is full', async () => {
  const { baseURL, fetch } = new FakeServer({ answer: 'Hello from afar' })
  const engine = new FakeEngine({ faults: [{ at: 'load', does: 'fail', code: 'quota_exceeded' }] })
  const client = new HybridInferenceClient({ baseURL, fetch, engines: [engine] })
  const { text, route } = await client.generate('Hi')
  assert.equal(text, 'Hello from afar')
  assert.equal(route.attempts[0]?.errorCode, 'quota_exceeded')
})

test('a model that says nothing is given up after a minute', async () => {
  using clock = VirtualClock.install()
  const { baseURL, fetch } = new FakeServer()
  const engine = new FakeEngine({ faults: [{ at: 3, does: 'hang' }] })
  const client = new HybridInferenceClient({ baseURL, fetch, engines: [engine] })
  await client.initialize()
  const answer = client.generate('Hi', { signal: AbortSignal.timeout(60_000) })
  await assert.rejects(clock.until(answer), { name: 'TimeoutError' })
})
// snippet:end
