/** What README.md says of testing an app. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { HybridInferenceClient } from '../../src/index.ts'
import { FakeEngine, FakeServer, VirtualClock } from '../../src/testing/index.ts'

// snippet:begin
test('the server takes over when the disk is full', async (t) => {
  const { baseURL, fetch } = new FakeServer({ answer: 'Hello from afar' })
  const engine = new FakeEngine({ faults: [{ at: 'load', does: 'fail', code: 'quota_exceeded' }] })
  const client = new HybridInferenceClient({ baseURL, fetch, engines: [engine] })
  t.after(() => client.dispose())
  const { text, route } = await client.generate('Hi')
  assert.equal(text, 'Hello from afar')
  assert.equal(route.attempts[0]?.errorCode, 'quota_exceeded')
})

test('a model that says nothing is given up after a minute', async (t) => {
  using clock = VirtualClock.install()
  const { baseURL, fetch } = new FakeServer()
  const engine = new FakeEngine({ faults: [{ at: 3, does: 'hang' }] })
  const client = new HybridInferenceClient({ baseURL, fetch, engines: [engine] })
  t.after(() => client.dispose())
  await client.initialize()
  const answer = client.generate('Hi', { signal: AbortSignal.timeout(60_000) })
  await assert.rejects(clock.until(answer), { name: 'TimeoutError' })
})

test('the server goes on where the engine died', async (t) => {
  const answer = 'One two three four five six'
  const subject = { rolloutBucket: 0, server: { continuation: 'native' } } as const
  const { baseURL, fetch } = new FakeServer({ answer, snapshot: { subject } })
  const engine = new FakeEngine({ answer, faults: [{ at: 4, does: 'die', times: 1 }] })
  const client = new HybridInferenceClient({ baseURL, fetch, engines: [engine] })
  t.after(() => client.dispose())
  let shown = ''
  const { text, route } = await client.generate('Count', { onChunk: (chunk) => (shown += chunk) })
  assert.deepEqual([text, shown], [answer, answer])
  assert.deepEqual([route.source, route.attempts[0]?.errorCode], ['server', 'lost'])
})
// snippet:end
