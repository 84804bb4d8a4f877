import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { isNoTargetError } from '../../src/errors/no-target-error.ts'
import type { ReportBatch } from '../../src/wire.ts'
import { LOAD_HANGS, rejection, settled, setup, until } from './setup.ts'
import { SNAPSHOT } from './wire-server.ts'

describe('a server that does not answer reports', () => {
  it('holds up nothing', { timeout: 5000 }, async (t) => {
    const hanging: typeof fetch = (url, init) =>
      String(url).endsWith('/analytics') ? new Promise(() => {}) : fetch(url, init)
    const { client } = await setup(t, { client: { fetch: hanging } })
    await client.generate('one')
    await settled()
    await client.dispose()
    await client.initialize()
    assert.equal((await client.generate('two')).source, 'browser')
  })

  it('gets them again after a while', async (t) => {
    let hang = true
    const sometimes: typeof fetch = (url, init) =>
      hang && String(url).endsWith('/analytics') ? new Promise(() => {}) : fetch(url, init)
    const { client, server } = await setup(t, { client: { fetch: sometimes } })
    await client.initialize()
    await client.preload()
    const waits: number[] = []
    const { setTimeout } = globalThis
    t.mock.method(globalThis, 'setTimeout', (run: () => void, ms = 0) => {
      if (ms === 10_000) waits.push(ms)
      return setTimeout(run, ms === 10_000 ? 20 : ms)
    })
    await client.generate('one')
    await until(() => waits.length === 1)
    await settled(60)
    hang = false
    await client.generate('two')
    await until(() => server.reports().length === 2)
  })
})

describe('a server that can take no reports now', () => {
  for (const status of [429, 503]) {
    it(`gets them again after a ${status}`, async (t) => {
      let busy = true
      const sometimes: typeof fetch = async (url, init) =>
        busy && String(url).endsWith('/analytics')
          ? Response.json({ error: { message: 'later', type: 'server_error', code: 'later', param: null } }, { status })
          : fetch(url, init)
      const { client, server } = await setup(t, { client: { fetch: sometimes } })
      await client.initialize()
      await client.preload()
      await client.generate('one')
      await settled()
      busy = false
      await client.generate('two')
      await until(() => server.reports().length === 2)
    })
  }
})

describe('a server that asks to wait', () => {
  it('is left alone for so long', async (t) => {
    let clock = Date.now()
    let asked = 0
    const busy: typeof fetch = async (url, init) => {
      if (!String(url).endsWith('/analytics')) return fetch(url, init)
      asked++
      const error = { message: 'later', type: 'rate_limit_error', code: 'later', param: null }
      return Response.json({ error }, { status: 429, headers: { 'retry-after': '60' } })
    }
    const { client } = await setup(t, { client: { fetch: busy, now: () => clock } })
    await client.initialize()
    await client.preload()
    await client.generate('one')
    await until(() => asked === 1)
    await client.generate('two')
    await settled()
    assert.equal(asked, 1)
    clock += 61_000
    await client.generate('three')
    await until(() => asked === 2)
  })
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
