// Who decides, and what that costs: the requests that leave the page before an answer, one by one.
import assert from 'node:assert/strict'
import { describe, it, type TestContext } from 'node:test'
import { HybridInferenceClient } from '../../src/client/client.ts'
import type { ClientStorage, HybridInferenceClientOptions } from '../../src/client/options.ts'
import { isNetworkError } from '../../src/errors/network-error.ts'
import { isUnauthorizedError } from '../../src/errors/unauthorized-error.ts'
import { FakeEngine } from '../../src/testing/fake-engine.ts'
import { FakeServer, type FakeServerOptions } from '../../src/testing/fake-server.ts'
import { testSnapshot } from '../../src/testing/snapshot.ts'
import type { Snapshot } from '../../src/wire.ts'
import { memory } from './progressive-visit.ts'
import { rejection, settled } from './setup.ts'
import { SERVER_ONLY } from './wire-server.ts'

const GET = 'GET /browser/policy'
const ROUTE = 'POST /browser/route'
const CHAT = 'POST /chat/completions'
const MAX_AGE_MS = 300_000

interface World {
  readonly server: FakeServer
  readonly storage: ClientStorage
  now: number
  /** Whether the server can be reached. */
  up: boolean
  /** What left the page since it was last asked, reports aside. */
  log(): string[]
  visit(options?: Partial<HybridInferenceClientOptions>): HybridInferenceClient
}

/** A server, a browser with its storage, and a clock that stands until it is set. */
function world(t: TestContext, options: FakeServerOptions = {}): World {
  const server = new FakeServer(options)
  let read = 0
  const here: World = {
    server,
    storage: memory(),
    now: 1_700_000_000_000,
    up: true,
    log() {
      const all = server.requests.filter(({ path }) => path !== '/browser/analytics')
      const rest = all.slice(read)
      read = all.length
      return rest.map(({ method, path }) => `${method} ${path}`)
    },
    visit(more) {
      const client = new HybridInferenceClient({
        baseURL: server.baseURL,
        fetch: (...request) => (here.up ? server.fetch(...request) : Promise.reject(new TypeError('Failed to fetch'))),
        engines: [new FakeEngine({ cached: ['tiny'] })],
        detector: { detect: async () => ({}), detectState: async () => ({}) },
        storage: here.storage,
        now: () => here.now,
        ...more,
      })
      t.after(() => client.dispose())
      return client
    },
  }
  return here
}

const stored = ({ storage }: World) => JSON.parse(storage.getItem('edgewise.policy') ?? 'null')

describe('a decision', () => {
  it('takes one request in a first visit, and none while the snapshot is fresh', async (t) => {
    const here = world(t)
    const client = here.visit()
    const { route } = await client.generate('one')
    assert.deepEqual([route.source, route.decidedBy, route.promptBytesSent], ['browser', 'page', 0])
    assert.deepEqual(here.log(), [GET])
    here.now += MAX_AGE_MS
    await client.generate('two')
    assert.deepEqual(here.log(), [])
  })

  it('takes one conditional GET once the snapshot is stale', async (t) => {
    const here = world(t)
    const client = here.visit()
    await client.initialize()
    here.log()
    here.now += MAX_AGE_MS + 1
    assert.equal((await client.generate('one')).route.decidedBy, 'page')
    assert.deepEqual(here.log(), [GET])
    assert.ok(here.server.requests.at(-1)?.headers.has('if-none-match'))
    await client.generate('two')
    assert.deepEqual(here.log(), [])
  })

  it('follows what a conditional GET brings, at once', async (t) => {
    const here = world(t)
    const client = here.visit()
    await client.initialize()
    here.server.snapshot = testSnapshot({
      revision: 'r2',
      policies: [{ name: 'enabled', options: { disabled: true } }],
    })
    here.now += MAX_AGE_MS + 1
    const { source, route } = await client.generate('one')
    assert.deepEqual([source, route.reason, route.policyRevision], ['server', 'browser_inference_disabled', 'r2'])
  })

  it('is asked for together by requests that come together', async (t) => {
    const here = world(t)
    const client = here.visit()
    await Promise.all(['one', 'two', 'three'].map((prompt) => client.generate(prompt)))
    assert.deepEqual(here.log(), [GET])
  })

  it('goes to the server, and says why, without a decision of the server’s', async (t) => {
    const here = world(t)
    const client = here.visit()
    const { route } = await client.generate('hi', { complexity: 'complex' })
    assert.deepEqual([route.source, route.decidedBy], ['server', 'page'])
    assert.deepEqual(here.log(), [GET, CHAT])
    const [body] = here.server.bodies<{ edgewise: object }>('/chat/completions')
    assert.deepEqual(body?.edgewise, { reason: 'request_too_complex' })
  })

  for (const [says, effects, asked] of [
    ['could send it elsewhere', { prefer: ['server' as const] }, [ROUTE]],
    ['could change nothing', { prefer: [] }, []],
  ] as const) {
    it(`${asked.length > 0 ? 'is' : 'is not'} the server’s where a policy that only it knows ${says}`, async (t) => {
      const policies = [
        ...testSnapshot().policies,
        { ...SERVER_ONLY, effects: { ...effects, prefer: [...effects.prefer] } },
      ]
      const here = world(t, { policies })
      const client = here.visit()
      await client.initialize()
      here.log()
      await client.generate('hi')
      assert.deepEqual(here.log(), asked)
      if (asked.length > 0) await client.generate('hi', { force: 'browser', privacy: 'local-only' })
      assert.deepEqual(here.log(), [], 'a local-only request asks nobody')
    })
  }
})

describe('the next visit', () => {
  /** A world in which somebody was here before. */
  async function second(t: TestContext, subject?: string): Promise<World> {
    const here = world(t)
    const client = here.visit({ subject })
    await client.generate('one')
    await client.dispose()
    here.log()
    return here
  }

  it('asks nobody while the snapshot is fresh, where the app says who asks', async (t) => {
    const here = await second(t, 'u-7')
    const { route } = await here.visit({ subject: 'u-7' }).generate('two')
    assert.deepEqual([route.source, route.decidedBy], ['browser', 'page'])
    assert.deepEqual(here.log(), [])
  })

  it('has the snapshot confirmed, once, where nobody says who asks', async (t) => {
    const here = await second(t)
    const client = here.visit()
    await client.generate('two')
    assert.deepEqual(here.log(), [GET])
    assert.ok(here.server.requests.findLast(({ path }) => path === '/browser/policy')?.headers.has('if-none-match'))
    await client.generate('three')
    assert.deepEqual(here.log(), [])
  })

  for (const subject of [undefined, 'u-7']) {
    it(`decides alone while the server is out of reach, ${subject ? 'known' : 'unknown'}`, async (t) => {
      const here = await second(t, subject)
      here.up = false
      here.now += 10 * MAX_AGE_MS
      const client = here.visit({ subject })
      const { route } = await client.generate('two')
      assert.deepEqual([route.source, route.decidedBy], ['browser', 'page'])
      await client.generate('three')
      assert.deepEqual(here.log(), [])
    })
  }

  it('answers a local-only request without a word to anybody', async (t) => {
    const here = await second(t)
    here.now += 10 * MAX_AGE_MS
    const { source } = await here.visit().generate('two', { privacy: 'local-only' })
    assert.equal(source, 'browser')
    assert.deepEqual(here.log(), [])
  })

  it('takes a snapshot from the future for a stale one', async (t) => {
    const here = await second(t, 'u-7')
    here.now -= 1
    await here.visit({ subject: 'u-7' }).generate('two')
    assert.deepEqual(here.log(), [GET])
  })

  for (const [what, spoil] of [
    ['of another form', (kept) => ({ ...kept, version: 9 })],
    ['of another server', (kept) => ({ ...kept, baseURL: 'https://elsewhere.example/api/v1' })],
    ['that makes no sense', (kept) => ({ ...kept, snapshot: { ...kept.snapshot, policies: [{ name: 'astrology' }] } })],
    ['without its date', ({ checkedAt: _, ...kept }) => kept],
    ['that is no object', (kept) => ({ ...kept, snapshot: 'none' })],
  ] as [string, (kept: Record<string, unknown> & { snapshot: Snapshot }) => unknown][]) {
    it(`does without one ${what}`, async (t) => {
      const here = await second(t, 'u-7')
      here.storage.setItem('edgewise.policy', JSON.stringify(spoil(stored(here))))
      const client = here.visit({ subject: 'u-7' })
      assert.equal(client.policy, undefined)
      assert.equal((await client.generate('two')).source, 'browser')
      assert.equal(
        here.server.requests.findLast(({ path }) => path === '/browser/policy')?.headers.has('if-none-match'),
        false,
      )
    })
  }

  it('keeps no snapshot that would fill the storage', async (t) => {
    const here = world(t)
    const client = here.visit()
    await client.initialize()
    assert.ok(stored(here))
    here.server.snapshot = testSnapshot({ revision: 'r'.repeat(1_000_000) })
    here.now += MAX_AGE_MS + 1
    await client.generate('hi')
    assert.equal(client.policy?.revision.length, 1_000_000)
    assert.equal(stored(here), null)
  })
})

describe('another user', () => {
  it('gets nothing of the one before, within a visit', async (t) => {
    const here = world(t)
    let subject: string | undefined = 'alice'
    const client = here.visit({ subject: () => subject })
    here.server.snapshot = testSnapshot({ revision: 'alice' })
    await client.initialize()
    assert.equal(client.policy?.revision, 'alice')
    subject = 'bob'
    assert.equal(client.policy, undefined)
    assert.equal(stored(here), null)
    here.server.snapshot = testSnapshot({ revision: 'bob' })
    assert.equal((await client.generate('hi')).route.policyRevision, 'bob')
    assert.equal(stored(here).subject, 'bob')
    subject = undefined
    assert.equal(client.policy, undefined)
  })

  it('gets nothing of the one before, in a later visit', async (t) => {
    const here = world(t)
    const client = here.visit({ subject: 'alice' })
    await client.initialize()
    await client.dispose()
    here.up = false
    assert.ok(isNetworkError(await rejection(here.visit({ subject: 'bob' }).generate('hi'))))
    assert.equal(stored(here), null)
  })

  it('gets nothing that comes in after the one before has left', async (t) => {
    const here = world(t)
    let subject = 'alice'
    let open: () => void = () => {}
    const gate = new Promise<void>((resolve) => {
      open = resolve
    })
    const client = here.visit({
      subject: () => subject,
      fetch: async (...request) => {
        await gate
        return here.server.fetch(...request)
      },
    })
    const initialized = client.initialize()
    await settled()
    subject = 'bob'
    assert.equal(client.policy, undefined)
    open()
    await initialized
    assert.equal(client.policy, undefined)
    assert.equal(stored(here), null)
  })

  it('is let in nowhere by what is stored once the server refuses', async (t) => {
    const here = world(t)
    const client = here.visit({ subject: 'alice' })
    await client.initialize()
    await client.dispose()
    here.now += MAX_AGE_MS + 1
    const refused = here.visit({ subject: 'alice', fetch: async () => new Response('{}', { status: 401 }) })
    assert.ok(isUnauthorizedError(await rejection(refused.initialize())))
    assert.equal(stored(here), null)
    assert.equal(refused.policy, undefined)
  })
})

describe('an outage', () => {
  it('is not waited for twice', async (t) => {
    const here = world(t)
    const client = here.visit()
    await client.initialize()
    let asked = 0
    here.up = false
    const counted = here.visit({
      reports: false,
      fetch: async () => {
        asked++
        throw new TypeError('Failed to fetch')
      },
    })
    for (const prompt of ['one', 'two', 'three']) await counted.generate(prompt)
    assert.equal(asked, 1)
  })

  it('is noticed by a request that only the server may answer, and over when it answers', async (t) => {
    const here = world(t, { policies: [...testSnapshot().policies, { name: 'health' }, SERVER_ONLY] })
    const client = here.visit()
    await client.initialize()
    here.up = false
    assert.ok(await rejection(client.generate('one', { force: 'server' })))
    assert.equal((await client.generate('two')).route.decidedBy, 'page')
    here.up = true
    assert.equal((await client.generate('three')).route.decidedBy, 'page', 'nobody has heard of the server yet')
    await client.generate('four', { force: 'server' })
    assert.equal((await client.generate('five')).route.decidedBy, 'server')
  })

  it('is over when the browser says that it is online', async (t) => {
    const listeners = new Set<() => void>()
    const scope = globalThis as { addEventListener?: unknown }
    const before = scope.addEventListener
    scope.addEventListener = (type: string, listener: () => void) => type === 'online' && listeners.add(listener)
    t.after(() => {
      scope.addEventListener = before
    })
    const here = world(t, { policies: [...testSnapshot().policies, SERVER_ONLY] })
    const client = here.visit()
    await client.initialize()
    here.up = false
    await client.generate('one')
    here.up = true
    for (const listener of listeners) listener()
    assert.equal((await client.generate('two')).route.decidedBy, 'server')
  })

  it('begins when the server is silent for too long, and ends the wait', async (t) => {
    const here = world(t)
    const first = here.visit()
    await first.initialize()
    await first.dispose()
    let asked = 0
    const client = here.visit({
      reports: false,
      routeTimeoutMs: 10,
      fetch: (_, init) => {
        asked++
        return new Promise((_, reject) => init?.signal?.addEventListener('abort', () => reject(init.signal?.reason)))
      },
    })
    assert.equal((await client.generate('one')).route.decidedBy, 'page')
    assert.equal((await client.generate('two')).route.decidedBy, 'page')
    assert.equal(asked, 1)
  })
})
