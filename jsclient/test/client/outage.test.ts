import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { HybridInferenceClient } from '../../src/client/client.ts'
import { isNetworkError } from '../../src/errors/network-error.ts'
import { isNoTargetError } from '../../src/errors/no-target-error.ts'
import { isServerError } from '../../src/errors/server-error.ts'
import { FakeEngine } from '../../src/testing/fake-engine.ts'
import { FakeServer } from '../../src/testing/fake-server.ts'
import { testSnapshot } from '../../src/testing/snapshot.ts'
import { rejection, setup } from './setup.ts'
import { SERVER_ONLY } from './wire-server.ts'

const cached = { cached: ['tiny'] }

describe('a server that is busy', () => {
  for (const status of [408, 425, 429]) {
    it(`hands over to a browser that may answer, ${status}`, async (t) => {
      const { client, server } = await setup(t, { server: { chatStatus: status }, engine: cached })
      const { source, route } = await client.generate('hi', { complexity: 'complex' })
      assert.deepEqual([route.target, source], ['server', 'browser'])
      server.behaviour = { chatStatus: status }
      const error = await rejection(client.generate('hi', { force: 'server' }))
      assert.ok(isServerError(error) && error.status === status)
    })

    it(`leaves the decision to the page, ${status}`, async (t) => {
      const { client } = await setup(t, { server: { routeStatus: status }, engine: cached })
      assert.equal((await client.generate('hi')).route.decidedBy, 'page')
    })
  }

  it('is left to the page when a captive portal answers for it', async (t) => {
    const portal: typeof fetch = async (url, init) =>
      String(url).endsWith('/browser/route')
        ? new Response('<html>Sign in</html>', { headers: { 'content-type': 'text/html' } })
        : fetch(url, init)
    const { client } = await setup(t, { engine: cached, client: { fetch: portal } })
    assert.equal((await client.generate('hi')).route.decidedBy, 'page')
  })
})

describe('a server that gives no decision', () => {
  it('is asked again after 30 seconds', async (t) => {
    let now = 1_700_000_000_000
    const { client, server } = await setup(t, { engine: cached, client: { now: () => now } })
    const asked = (): number => server.bodies('/browser/route').length
    await client.initialize()
    server.behaviour = { routeStatus: 503 }
    await client.generate('one')
    server.behaviour = {}
    now += 29_999
    assert.equal((await client.generate('two')).route.decidedBy, 'page')
    assert.equal(asked(), 1)
    now += 1
    assert.equal((await client.generate('three')).route.decidedBy, 'server')
    assert.equal(asked(), 2)
  })

  it('is asked again at once for a request that nobody else may answer', async () => {
    const policies = [...testSnapshot().policies, { name: 'health' }, SERVER_ONLY]
    const server = new FakeServer({ policies })
    const { baseURL, fetch } = server
    const engines = [new FakeEngine(cached)]
    const detector = { detect: async () => ({}), detectState: async () => ({}) }
    const client = new HybridInferenceClient({ baseURL, fetch, engines, detector, storage: false })
    const asked = (): number => server.bodies('/browser/route').length
    await client.initialize()
    server.faults.push({ does: 'cut' })
    assert.equal((await client.generate('one')).source, 'browser')
    const error = await rejection(client.generate('two', { preference: 'never' }))
    assert.ok(isNoTargetError(error) && error.reason === 'offline' && isNetworkError(error.cause))
    assert.equal(asked(), 2)
    server.faults.length = 0
    assert.equal((await client.generate('three', { force: 'server' })).route.decidedBy, 'server')
    assert.equal(asked(), 3)
    assert.equal((await client.generate('four')).route.decidedBy, 'server', 'others hear of it, too')
    assert.equal(asked(), 4)
    await client.dispose()
  })
})
