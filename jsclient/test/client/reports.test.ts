import assert from 'node:assert/strict'
import { describe, it, type TestContext } from 'node:test'
import { HybridInferenceClient } from '../../src/client/client.ts'
import type { ClientStorage } from '../../src/client/options.ts'
import { ReportQueue } from '../../src/client/report-queue.ts'
import { isNoTargetError } from '../../src/errors/no-target-error.ts'
import { FakeEngine, FakeServer, VirtualClock } from '../../src/testing/index.ts'
import type { Report, ReportBatch } from '../../src/wire.ts'
import { memory } from './progressive-visit.ts'
import { LOAD_HANGS, rejection, settled, setup, until } from './setup.ts'
import { SNAPSHOT } from './wire-server.ts'

const MINUTE = 60_000

interface Visit {
  readonly server: FakeServer
  readonly storage: ClientStorage | false
  readonly client: HybridInferenceClient
  /** What `/browser/analytics` says instead; undefined = what the server says. */
  answer: () => Promise<Response> | undefined
  isCutOff: boolean
  /** Requests to `/browser/analytics`. */
  tries: number
  /** Of the reports that arrived. */
  ids(): string[]
  stored(): { waiting?: unknown[] }
}

/** A visit: what is stored and the clock outlast here. The server can be cut off, and what it was told is counted. */
function visit(t: TestContext, given: { server?: FakeServer; storage?: ClientStorage | false } = {}): Visit {
  const { server = new FakeServer(), storage = memory() } = given
  const here: Visit = {
    server,
    storage,
    answer: () => undefined,
    isCutOff: false,
    tries: 0,
    ids: () => server.reports().map(({ id }) => id),
    stored: () => JSON.parse((storage || memory()).getItem('edgewise.reports') ?? '{}'),
    client: new HybridInferenceClient({
      baseURL: server.baseURL,
      engines: [new FakeEngine({ cached: ['tiny'] })],
      detector: { detect: async () => ({}), detectState: async () => ({}) },
      storage,
      fetch: async (url, init): Promise<Response> => {
        if (!String(url).endsWith('/analytics')) return server.fetch(url, init)
        here.tries++
        if (here.isCutOff) throw new TypeError('Failed to fetch')
        return here.answer() ?? server.fetch(url, init)
      },
    }),
  }
  t.after(() => here.client.dispose())
  return here
}

const refusal =
  (status: number, headers: Record<string, string> = {}) =>
  async () => {
    const error = { message: 'later', type: 'server_error', code: 'later', param: null }
    return Response.json({ error }, { status, headers })
  }

describe('reports', () => {
  it('are sent together, two seconds after the first', async (t) => {
    using clock = VirtualClock.install()
    const here = visit(t)
    await clock.until(here.client.generate('one'))
    await clock.until(here.client.generate('two'))
    assert.deepEqual([here.tries, here.stored().waiting?.length], [0, 2])
    await clock.advance(2000)
    assert.deepEqual([here.tries, here.ids(), here.stored().waiting], [1, ['g.1', 'g.2'], []])
  })

  it('wait for no more where there are enough', async (t) => {
    using clock = VirtualClock.install()
    const here = visit(t)
    for (let i = 0; i < 20; i++) await clock.until(here.client.generate('hi'))
    await clock.advance(0)
    assert.deepEqual([here.tries, here.ids().length], [1, 20])
  })

  it('are sent when the client is disposed, and hold that up for nobody', async (t) => {
    const here = visit(t)
    here.answer = () => new Promise(() => {})
    await here.client.generate('one')
    await here.client.dispose()
    await until(() => here.tries === 1)
    assert.equal(here.stored().waiting?.length, 1)
  })

  for (const [what, fault] of [
    ['nobody could be reached', { isCutOff: true }],
    ['nobody answered', { answer: () => new Promise(() => {}) }],
    ['the server was busy', { answer: refusal(429) }],
    ['the server failed', { answer: refusal(503) }],
    ['a captive portal answered', { answer: async () => new Response('<html>Sign in</html>') }],
  ] as [string, Partial<Visit>][]) {
    it(`come again where ${what}, ever more seldom`, async (t) => {
      using clock = VirtualClock.install()
      const here = visit(t)
      Object.assign(here, fault)
      await clock.until(here.client.generate('one'))
      await clock.advance(2000 + 10_000)
      assert.equal(here.tries, 1)
      for (const [ms, tries] of [
        [MINUTE, 2],
        [2 * MINUTE, 3],
        [30 * MINUTE, 7],
      ] as const) {
        await clock.advance(ms)
        assert.equal(here.tries, tries, `after ${ms} ms`)
      }
      here.isCutOff = false
      here.answer = () => undefined
      await clock.advance(16 * MINUTE)
      assert.deepEqual([here.ids(), here.stored().waiting], [['g.1'], []])
    })
  }

  it('are dropped where the server says that it does not want them', async (t) => {
    using clock = VirtualClock.install()
    const here = visit(t)
    here.answer = refusal(400)
    await clock.until(here.client.generate('one'))
    await clock.advance(2 * MINUTE)
    assert.deepEqual([here.tries, here.stored().waiting], [1, []])
  })

  it('leave a server alone for as long as it asks', async (t) => {
    using clock = VirtualClock.install()
    const here = visit(t)
    here.answer = refusal(429, { 'retry-after': '300' })
    await clock.until(here.client.generate('one'))
    await clock.advance(2000)
    await clock.until(here.client.generate('two'))
    await clock.advance(4 * MINUTE)
    assert.equal(here.tries, 1)
    here.answer = () => undefined
    await clock.advance(MINUTE)
    assert.deepEqual(here.ids(), ['g.1', 'g.2'])
  })

  it('of a visit that ended offline arrive in the next, once', async (t) => {
    const first = visit(t)
    first.isCutOff = true
    await first.client.generate('one')
    await first.client.generate('two')
    await first.client.dispose()
    await until(() => first.tries === 1)
    const second = visit(t, first)
    await second.client.initialize()
    await until(() => second.stored().waiting?.length === 0)
    assert.deepEqual([second.tries, second.ids()], [1, ['g.1', 'g.2']])
    await second.client.generate('three')
    await second.client.dispose()
    await until(() => second.ids().length === 3)
    assert.deepEqual(second.ids(), ['g.1', 'g.2', 'g.3'], 'numbers go on where the visit before ended')
  })

  it('do without storage', async (t) => {
    const here = visit(t, { storage: false })
    here.isCutOff = true
    await here.client.generate('one')
    assert.equal((await here.client.debug()).reportsWaiting, 0)
    here.isCutOff = false
    await here.client.dispose()
    await until(() => here.ids().length === 1)
  })

  it('of two tabs have numbers of their own', async (t) => {
    const one = visit(t)
    const other = visit(t, one)
    await one.client.generate('one')
    await other.client.generate('two')
    await Promise.all([one.client.dispose(), other.client.dispose()])
    await until(() => one.stored().waiting?.length === 0)
    assert.deepEqual([...new Set(one.ids())].sort(), ['g.1', 'g.2'])
  })

  it('of a page that is hidden are on their way before it is gone', async (t) => {
    const listeners = new Map<string, () => void>()
    const addEventListener = (type: string, listener: () => void) => listeners.set(type, listener)
    const document = { visibilityState: 'visible', addEventListener }
    Object.assign(globalThis, { document })
    t.after(() => Reflect.deleteProperty(globalThis, 'document'))
    const here = visit(t)
    await here.client.generate('one')
    await until(() => listeners.has('visibilitychange') && here.stored().waiting?.length === 1)
    document.visibilityState = 'hidden'
    listeners.get('visibilitychange')?.()
    assert.equal(here.tries, 1, 'at once')
    await until(() => here.ids().length === 1)
  })
})

describe('the queue of reports', () => {
  const DAY = 24 * 3600
  const grant = { id: 'g', token: 't', expires: 1_000_000, maxReports: 200 }
  const report = (id: string): Report => ({ id }) as Report
  const ids = (queue: ReportQueue) => queue.waiting.map(({ report }) => report.id)

  it('keeps the last hundred', () => {
    const queue = new ReportQueue(memory(), () => 0)
    for (let i = 0; i < 130; i++) assert.ok(queue.add(grant, report))
    assert.deepEqual([ids(queue).length, ids(queue)[0], ids(queue).at(-1)], [100, 'g.31', 'g.130'])
  })

  it('takes no more than the grant allows, and none when it has expired', () => {
    let now = 0
    const queue = new ReportQueue(memory(), () => now)
    assert.ok(queue.add({ ...grant, maxReports: 1 }, report))
    assert.equal(queue.add({ ...grant, maxReports: 1 }, report), false)
    now = grant.expires * 1000
    assert.equal(queue.add(grant, report), false)
  })

  it('forgets what the server would no longer take', () => {
    let now = 0
    const queue = new ReportQueue(memory(), () => now)
    queue.add(grant, report)
    now = (grant.expires + 7 * DAY) * 1000 - 1
    assert.equal(ids(queue).length, 1)
    now++
    assert.equal(ids(queue).length, 0)
  })

  it('keeps in the page what can not be stored', () => {
    const full = { ...memory(), setItem: () => assert.fail('full') }
    for (const storage of [full, undefined]) {
      const queue = new ReportQueue(storage, () => 0)
      queue.add(grant, report)
      queue.add(grant, report)
      queue.remove(['g.1'])
      assert.deepEqual(ids(queue), ['g.2'])
    }
  })

  for (const stored of [
    'nonsense',
    '{"version":1,"numbers":[],"waiting":{}}',
    '{"version":1,"waiting":[{},null,{"token":1}]}',
  ]) {
    it(`is empty where ${stored} is stored`, () => {
      const storage = memory()
      storage.setItem('edgewise.reports', stored)
      const queue = new ReportQueue(storage, () => 0)
      assert.deepEqual(ids(queue), [])
      assert.ok(queue.add(grant, report))
      assert.deepEqual(ids(queue), ['g.1'])
    })
  }
})

describe('another user', () => {
  it('gets nothing of the one before', async (t) => {
    let user = 'alice'
    let away = false
    const grants: string[] = []
    const fake: typeof fetch = async (url, init) => {
      const path = String(url)
      if (path.endsWith('/analytics')) grants.push((JSON.parse(String(init?.body)) as ReportBatch).grant)
      if (!path.endsWith('/browser/policy')) return fetch(url, init)
      if (away) throw new TypeError('away')
      return Response.json({ ...SNAPSHOT, grant: { ...SNAPSHOT.grant, id: user, token: user } })
    }
    const { client } = await setup(t, { client: { fetch: fake } })
    await client.generate('one')
    await until(() => grants.length === 1)
    await client.dispose()
    user = 'bob'
    away = true
    await client.initialize()
    assert.deepEqual(client.models, [])
    assert.ok(isNoTargetError(await rejection(client.generate('two', { privacy: 'local-only' }))))
    await client.generate('three')
    await settled()
    assert.deepEqual(grants, ['alice'])
  })

  it('does not pay for what was decided before', async (t) => {
    let now = 1_700_000_000_000
    let token = 'alice'
    let open = (): void => {}
    const loading = new Promise<void>((resolve) => {
      open = resolve
    })
    const grants: string[] = []
    const fake: typeof fetch = async (url, init) => {
      const path = String(url)
      if (path.endsWith('/analytics')) grants.push((JSON.parse(String(init?.body)) as ReportBatch).grant)
      if (!path.endsWith('/browser/policy')) return fetch(url, init)
      return Response.json({ ...SNAPSHOT, grant: { ...SNAPSHOT.grant, id: token, token } })
    }
    const { client, engine } = await setup(t, {
      engine: { faults: [{ ...LOAD_HANGS, until: loading }] },
      client: { fetch: fake, now: () => now },
    })
    const first = client.generate('one')
    await until(() => engine.log.length === 1)
    token = 'bob'
    now += 301_000
    const second = client.generate('two')
    await settled()
    open()
    await Promise.all([first, second])
    await until(() => grants.length > 0)
    assert.equal(grants[0], 'alice')
  })
})
