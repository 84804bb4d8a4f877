import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { EngineRequest } from '../../src/engine/engine.ts'
import { EngineManager } from '../../src/engine/manager.ts'
import { isEngineError } from '../../src/errors/engine-error.ts'
import { FakeEngine, type FakeEngineOptions } from '../../src/testing/fake-engine.ts'
import type { ModelInfo } from '../../src/wire.ts'
import { collect, LOAD_HANGS, rejection, settled, setup, until } from './setup.ts'
import { MODEL } from './wire-server.ts'

const other: ModelInfo = { ...MODEL, id: 'other' }
const elsewhere: ModelInfo = { ...MODEL, id: 'elsewhere', framework: 'busy' }
const request: EngineRequest = { messages: [{ role: 'user', content: 'hi' }], maxTokens: 10 }

function make(options: FakeEngineOptions = {}) {
  const engine = new FakeEngine(options)
  const busy = new FakeEngine({ name: 'busy', faults: [{ does: 'hang', at: 1 }] })
  return { engine, busy, manager: new EngineManager({ engines: [busy, engine] }) }
}

/** An answer that has begun and does not end by itself. */
async function answering(manager: EngineManager, model: ModelInfo) {
  const controller = new AbortController()
  const answer = manager.generate(model, request, { signal: controller.signal })
  await answer.next()
  const end = async () => {
    controller.abort()
    await rejection(collect(answer))
  }
  return { end }
}

describe('EngineManager.unload', () => {
  it('does not wait for the answers of other engines', async () => {
    const { manager, engine } = make()
    const { end } = await answering(manager, elsewhere)
    await manager.load(MODEL)
    await manager.unload('tiny')
    assert.equal(engine.resident, 0)
    await end()
  })

  it('does not wait for the answer of another model of the engine', async () => {
    const { manager, busy } = make()
    const { end } = await answering(manager, elsewhere)
    await manager.unload('other')
    assert.equal(busy.resident, 1)
    await end()
  })

  it('gives up the load, for all who wait for it, and blames nobody', async () => {
    const { manager, engine } = make({ faults: [LOAD_HANGS] })
    const waiting = [rejection(manager.load(MODEL)), rejection(collect(manager.generate(MODEL, request)))]
    await until(() => engine.log.length === 1)
    await manager.unload('tiny')
    for (const error of await Promise.all(waiting)) {
      assert.ok(isEngineError(error) && error.code === 'not_loaded', String(error))
    }
    assert.deepEqual(engine.log, ['load tiny', 'abort tiny'])
    assert.equal(manager.states().tiny?.failures, undefined)
    engine.faults = []
    assert.equal((await collect(manager.generate(MODEL, request))).length, 4, 'and it can be loaded again')
  })

  it('gives up a load that waits in line, without waiting itself', async () => {
    const { manager, busy } = make()
    const { end } = await answering(manager, elsewhere)
    const queued = rejection(manager.load({ ...elsewhere, id: 'queued' }))
    await settled(5)
    await manager.unload('queued')
    assert.ok(isEngineError(await queued))
    assert.deepEqual(busy.log, ['load elsewhere', 'loaded elsewhere', 'generate elsewhere'])
    await end()
  })

  it('leaves the load of another model alone', async () => {
    const { manager } = make()
    await manager.load(MODEL)
    const loading = manager.load(other)
    await manager.unload('tiny')
    await loading
    assert.deepEqual(manager.model('other'), { status: 'loaded' })
  })

  it('can be aborted while it waits for an answer, or for an engine that does not stop', async () => {
    const { manager, engine } = make()
    const { end } = await answering(manager, elsewhere)
    const held = new AbortController()
    const unloading = rejection(manager.unload('elsewhere', { signal: held.signal }))
    await settled(5)
    held.abort('enough')
    assert.equal(await unloading, 'enough')
    assert.deepEqual(manager.model('elsewhere'), { status: 'loaded' })
    await end()

    engine.load = () => new Promise(() => {})
    void manager.load(MODEL).catch(() => {})
    await settled(5)
    assert.equal(await rejection(manager.unload('tiny', { signal: AbortSignal.abort('at once') })), 'at once')
    assert.equal(manager.model('tiny')?.status, 'loading')
    const stuck = new AbortController()
    const giving = rejection(manager.unload('tiny', { signal: stuck.signal }))
    await settled(5)
    stuck.abort('enough')
    assert.equal(await giving, 'enough')
  })
})

describe('the removal of models', () => {
  it('gives up a load of the model', async (t) => {
    const { client, engine } = await setup(t, { engine: { cached: ['tiny'], faults: [LOAD_HANGS] } })
    const loading = rejection(client.preload('tiny'))
    await until(() => engine.log.length === 1)
    await client.remove('tiny')
    assert.ok(isEngineError(await loading))
    assert.equal(await engine.status(MODEL), 'absent')
  })

  it('can be aborted while an engine does not stop', async (t) => {
    const { client, engine } = await setup(t, { engine: { cached: ['tiny'] } })
    let isLoading = false
    engine.load = () => {
      isLoading = true
      return new Promise(() => {})
    }
    void client.preload('tiny').catch(() => {})
    await until(() => isLoading)
    for (const remove of [client.remove.bind(client, 'tiny'), client.removeAll.bind(client)]) {
      const controller = new AbortController()
      const removing = rejection(remove({ signal: controller.signal }))
      await settled(5)
      controller.abort('enough')
      assert.equal(await removing, 'enough')
    }
    assert.equal(await engine.status(MODEL), 'cached')
  })
})
