import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { isInvalidRequestError } from '../../src/errors/invalid-request-error.ts'
import { isNoTargetError } from '../../src/errors/no-target-error.ts'
import { FakeEngine } from '../../src/testing/fake-engine.ts'
import type { ChatMessage } from '../../src/wire.ts'
import { collect, LOAD_HANGS, newClient, rejection, settled, setup, until } from './setup.ts'
import { wireServer } from './wire-server.ts'

const messages: ChatMessage[] = [{ role: 'user', content: 'hi' }]

describe('abort', () => {
  it('stops the engine and tries nothing else', async (t) => {
    const { client, server, engine } = await setup(t, { engine: { faults: [{ does: 'hang', at: 2 }] } })
    const controller = new AbortController()
    const reason = new Error('enough')
    const stream = client.stream({ messages, signal: controller.signal })
    const error = await rejection(
      (async () => {
        for await (const event of stream) if (event.type === 'delta') setTimeout(() => controller.abort(reason), 5)
      })(),
    )
    assert.equal(error, reason)
    await settled()
    assert.equal(engine.log.at(-1), 'stop tiny')
    assert.equal(server.bodies('/chat/completions').length, 0)
    assert.equal(server.reports().length, 0)
    assert.equal(client.getSnapshot().active, 0)
  })

  it('stops a load that nobody else waits for', async (t) => {
    const { client, engine } = await setup(t, { engine: { faults: [LOAD_HANGS] } })
    const controller = new AbortController()
    const running = rejection(client.generate('hi', { signal: controller.signal }))
    await until(() => engine.log.length === 1)
    controller.abort()
    assert.equal(((await running) as Error).name, 'AbortError')
    await until(() => engine.log.length === 2)
    assert.deepEqual(engine.log, ['load tiny', 'abort tiny'])
  })

  it('stops a request to the server', async (t) => {
    const { client, server } = await setup(t, { server: { hang: true } })
    const controller = new AbortController()
    const running = rejection(client.generate('hi', { signal: controller.signal, preference: 'never' }))
    await until(() => server.bodies('/chat/completions').length === 1)
    controller.abort()
    assert.equal(await running, controller.signal.reason)
  })

  it('before the start sends nothing', async (t) => {
    const { client, server } = await setup(t)
    const signal = AbortSignal.abort(new Error('no'))
    assert.equal(await rejection(client.generate('hi', { signal })), signal.reason)
    assert.equal(await rejection(client.initialize({ signal })), signal.reason)
    assert.equal(server.seen.length, 0)
  })
})

describe('life', () => {
  it('begins without a side effect', async (t) => {
    const { server, client } = await setup(t)
    await settled()
    assert.equal(server.seen.length, 0)
    assert.deepEqual(client.getSnapshot(), { phase: 'idle', active: 0 })
  })

  it('initializes once', async (t) => {
    const { client, server } = await setup(t)
    await Promise.all([client.initialize(), client.initialize(), client.generate('hi')])
    await client.initialize()
    assert.equal(server.seen.filter(({ path }) => path === '/browser/policy').length, 1)
    assert.deepEqual(
      client.models.map(({ id }) => id),
      ['tiny'],
    )
  })

  it('survives mount, unmount, mount with one load', async (t) => {
    let ready = (): void => {}
    const loading = new Promise<void>((resolve) => {
      ready = resolve
    })
    const { client, engine } = await setup(t, { engine: { faults: [{ ...LOAD_HANGS, until: loading }] } })
    const first = client.initialize().then(() => client.preload())
    const unmounted = client.dispose()
    const second = client.initialize().then(() => client.preload())
    await unmounted
    setTimeout(ready, 20)
    await Promise.all([first, second])
    assert.deepEqual(engine.log, ['load tiny', 'loaded tiny'])
    assert.equal((await client.generate('hi')).source, 'browser')
  })

  it('ends for good, and begins afresh when asked', async (t) => {
    const { client, engine } = await setup(t, { engine: { faults: [{ does: 'hang', at: 1 }] } })
    const running = rejection(client.generate('hi'))
    await until(() => engine.generated === 1)
    await client.dispose()
    await client.dispose()
    assert.equal(((await running) as Error).name, 'AbortError')
    assert.equal(engine.log.at(-1), 'dispose')
    assert.equal(client.getSnapshot().phase, 'disposed')
    const error = await rejection(client.generate('hi'))
    assert.ok(isInvalidRequestError(error) && error.code === 'disposed')
    engine.faults = []
    await client.initialize()
    assert.equal((await client.generate('hi')).source, 'browser')
  })

  it('sends the last reports when it ends', async (t) => {
    const { client, server } = await setup(t)
    await client.generate('hi')
    await client.dispose()
    await until(() => server.reports().length === 1)
  })

  it('remembers the switch of the user', async (t) => {
    const items = new Map<string, string>()
    const storage = {
      getItem: (key: string) => items.get(key) ?? null,
      setItem: (key: string, value: string) => void items.set(key, value),
      removeItem: (key: string) => void items.delete(key),
    }
    const { client, server } = await setup(t, { client: { storage } })
    assert.equal(client.mode, 'auto')
    client.setMode('never')
    const { route } = await client.generate('hi')
    assert.equal(route.reason, 'user_disabled_browser')
    assert.equal(newClient(t, server, new FakeEngine(), { storage }).mode, 'never')
  })

  it('works without any engine', async (t) => {
    const server = await wireServer(t)
    const client = newClient(t, server, new FakeEngine(), { engines: [] })
    const { source, route } = await client.generate('hi')
    assert.equal(source, 'server')
    assert.equal(route.reason, 'no_compatible_browser_model')
  })
})

describe('preload', () => {
  it('is not held up by a policy that only the server can ask', async (t) => {
    const opaque = { name: 'acme.x', opaque: true, whenUnreachable: 'forbid' } as const
    const policies = [{ name: 'capability', options: { allowCPU: true, minRAMGB: 0.1 } }, opaque]
    const { client } = await setup(t, { server: { snapshot: { policies } } })
    assert.equal((await client.preload()).id, 'tiny')
  })

  it('loads the model that would be chosen, and shows how far it is', async (t) => {
    const { client, engine } = await setup(t)
    const seen: (number | undefined)[] = []
    client.subscribe(() => seen.push(client.getSnapshot().progress?.progress))
    const progress: number[] = []
    const model = await client.preload(undefined, { onProgress: (p) => progress.push(p.progress) })
    assert.equal(model.id, 'tiny')
    assert.deepEqual(progress, [0.5, 1])
    assert.ok(seen.includes(0.5))
    assert.deepEqual(client.modelStatus('tiny'), { status: 'loaded' })
    assert.deepEqual(client.getSnapshot(), { phase: 'ready', active: 0, model: 'tiny' })
    await client.preload('tiny')
    assert.deepEqual(engine.log, ['load tiny', 'loaded tiny'])
  })

  it('says what is wrong', async (t) => {
    const { client, server } = await setup(t)
    assert.ok(isInvalidRequestError(await rejection(client.preload('nope'))))
    client.setMode('never')
    const error = await rejection(client.preload())
    assert.ok(isNoTargetError(error) && error.reason === 'user_disabled_browser')
    await server.stop()
  })
})

describe('status', () => {
  it('is the same object until something changes', async (t) => {
    const { client } = await setup(t)
    const { getSnapshot, subscribe } = client
    assert.equal(getSnapshot(), getSnapshot())
    const phases: string[] = []
    const stop = subscribe(() => {
      const { phase } = getSnapshot()
      if (phases.at(-1) !== phase) phases.push(phase)
    })
    await client.generate('hi')
    stop()
    assert.deepEqual(phases, ['deciding', 'initializing', 'deciding', 'generating', 'loading', 'generating', 'ready'])
    assert.equal(getSnapshot().target, 'browser')
    await client.generate('hi')
    assert.equal(phases.length, 7)
  })
})

describe('reports', () => {
  it('wait for a server that is away, and are numbered once', async (t) => {
    const { client, server } = await setup(t)
    let away = true
    const sometimes: typeof fetch = (url, init) => {
      if (away && String(url).endsWith('/analytics')) return Promise.reject(new TypeError('away'))
      return fetch(url, init)
    }
    const other = newClient(t, server, new FakeEngine(), { fetch: sometimes })
    await other.generate('one')
    await settled()
    assert.equal(server.reports().length, 0)
    away = false
    await other.generate('two')
    await until(() => server.reports().length === 2)
    assert.deepEqual(
      server
        .reports()
        .map(({ id }) => id)
        .sort(),
      ['g.1', 'g.2'],
    )
    await client.dispose()
  })

  it('end with the grant, and can be switched off', async (t) => {
    const grant = { id: 'g', token: 't', expires: 4_000_000_000, maxReports: 1 }
    const { client, server } = await setup(t, { server: { snapshot: { grant } } })
    await client.generate('one')
    await client.generate('two')
    const silent = newClient(t, server, new FakeEngine(), { reports: false })
    await silent.generate('three')
    await until(() => server.reports().length > 0)
    await settled()
    assert.equal(server.reports().length, 1)
  })

  it('never surface when they fail', async (t) => {
    const broken: typeof fetch = (url, init) =>
      String(url).endsWith('/analytics') ? Promise.reject(new TypeError('away')) : fetch(url, init)
    const { client } = await setup(t, { client: { fetch: broken } })
    assert.equal((await client.generate('hi')).source, 'browser')
    await settled()
  })
})

describe('requests that make no sense', () => {
  it('are refused before anything happens', async (t) => {
    const { client, server } = await setup(t)
    assert.ok(isInvalidRequestError(await rejection(client.chat.completions.create({ messages: [] }))))
    assert.ok(isInvalidRequestError(await rejection(client.generate('hi', { maxTokens: -1 }))))
    assert.throws(() => client.stream({ messages: [] }), isInvalidRequestError)
    assert.equal(server.seen.length, 0)
    assert.equal((await collect(client.stream({ messages }))).at(-1)?.type, 'done')
  })
})
