// Engines that can't run in the page at all, as on an insecure origin.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { findObstacles } from '../../src/client/obstacles.ts'
import { isEngineError } from '../../src/errors/engine-error.ts'
import { isNoTargetError } from '../../src/errors/no-target-error.ts'
import { FakeEngine } from '../../src/testing/fake-engine.ts'
import type { RouteRequest } from '../../src/wire.ts'
import { newClient, rejection, settled, setup } from './setup.ts'
import { MODEL, wireServer } from './wire-server.ts'

const insecure = { obstacle: async () => 'insecure_context' as const }

describe('an engine with an obstacle', () => {
  it('leaves the answer to the server, with a reason, and the app is told why', async (t) => {
    const { client, server, engine } = await setup(t, { engine: { ...insecure, cached: ['tiny'] } })
    assert.deepEqual(client.obstacles, {})
    const { source, route } = await client.generate('hi')
    assert.deepEqual([source, route.reason, route.attempts.length], ['server', 'no_compatible_browser_model', 1])
    assert.deepEqual(client.obstacles, { fake: 'insecure_context' })
    assert.deepEqual(client.capabilities?.engines, [])
    const [told] = server.bodies<RouteRequest>('/browser/route')
    assert.deepEqual([told?.capabilities.engines, told?.engines, told?.state?.models], [[], undefined, undefined])
    assert.deepEqual([engine.located, engine.log], [[], []])
  })

  it('is told by what asks for a model', async (t) => {
    const { client, engine } = await setup(t, { engine: insecure })
    for (const error of [
      await rejection(client.preload('tiny')),
      ((await rejection(client.preload())) as Error).cause,
      ((await rejection(client.generate('hi', { privacy: 'local-only' }))) as Error).cause,
      ((await rejection(client.generate('hi', { force: 'browser' }))) as Error).cause,
    ]) {
      assert.ok(isEngineError(error) && error.code === 'insecure_context' && error.stage === 'load', String(error))
      assert.match(error.message, /^fake .*https/)
    }
    const error = await rejection(client.preload())
    assert.ok(isNoTargetError(error) && error.reason === 'no_compatible_browser_model')
    assert.deepEqual(engine.log, [])
  })

  it('leaves the others what they can do', async (t) => {
    const models = [
      { ...MODEL, parameters: '20M', framework: 'acme/barred', id: 'better' },
      { ...MODEL, framework: 'acme/able' },
    ]
    const server = await wireServer(t, { snapshot: { models } })
    const barred = new FakeEngine({ name: 'acme/barred', obstacle: async () => 'acme_licence' })
    const client = newClient(t, server, barred, { engines: [barred, new FakeEngine({ name: 'acme/able' })] })
    assert.equal((await client.preload()).id, 'tiny')
    assert.equal((await client.preload('tiny')).id, 'tiny')
    assert.equal((await client.generate('hi')).model, 'tiny')
    assert.deepEqual(client.obstacles, { 'acme/barred': 'acme_licence' })
    const error = await rejection(client.preload('better'))
    assert.ok(isEngineError(error) && error.code === 'acme_licence')
  })

  it('is not asked where its models are, even if it takes its time', async (t) => {
    const obstacle = async () => {
      await settled()
      return 'unavailable'
    }
    const { client, engine } = await setup(t, { engine: { obstacle } })
    await client.initialize()
    assert.deepEqual([engine.located, client.obstacles], [[], { fake: 'unavailable' }])
  })

  it('is asked once a life, however much is asked of the client', async (t) => {
    let asked = 0
    const obstacle = async () => {
      asked++
      return undefined
    }
    const { client } = await setup(t, { engine: { obstacle } })
    await Promise.all([
      client.generate('one'),
      client.generate('two', { privacy: 'local-only' }).catch(() => {}),
      client.initialize(),
    ])
    assert.equal((await client.generate('three')).source, 'browser')
    assert.deepEqual([asked, client.obstacles], [1, {}])
    await client.dispose()
    await client.initialize()
    assert.equal(asked, 2)
  })
})

describe('an engine that fails to say whether it can run', () => {
  it('counts as one that can', async () => {
    const answers: FakeEngine['obstacle'][] = [
      () => Promise.reject(new Error('against the contract')),
      () => {
        throw new Error('against the contract')
      },
      async () => undefined,
      undefined,
    ]
    const engines = answers.map((obstacle) => new FakeEngine(obstacle && { obstacle }))
    assert.deepEqual(await findObstacles(engines), {})
  })

  it('is waited for no longer than two seconds', async (t) => {
    t.mock.timers.enable({ apis: ['setTimeout'] })
    const found = findObstacles([
      new FakeEngine({ name: 'acme/mute', obstacle: () => new Promise(() => {}) }),
      new FakeEngine({ name: 'acme/barred', obstacle: async () => 'unavailable' }),
    ])
    await new Promise<void>((resolve) => setImmediate(resolve))
    t.mock.timers.tick(2000)
    assert.deepEqual(await found, { 'acme/barred': 'unavailable' })
  })
})
