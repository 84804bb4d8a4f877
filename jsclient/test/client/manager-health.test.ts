import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { FAILURE_WINDOW_MS } from '../../src/engine/circuit.ts'
import type { EngineRequest, LoadProgress } from '../../src/engine/engine.ts'
import { EngineManager } from '../../src/engine/manager.ts'
import { FakeEngine, type FakeEngineOptions } from '../../src/testing/fake-engine.ts'
import type { ModelInfo } from '../../src/wire.ts'
import { TestStorage } from '../engine/storage.ts'
import { collect, LOAD_FAILS, rejection, until } from './setup.ts'
import { MODEL } from './wire-server.ts'

const KEY = 'edgewise.health'
const other: ModelInfo = { ...MODEL, id: 'other' }
const request: EngineRequest = { messages: [{ role: 'user', content: 'hi' }], maxTokens: 10 }

function make(options: FakeEngineOptions = {}, { storage = new TestStorage(), maxFailures = 3, start = 1e12 } = {}) {
  const engine = new FakeEngine(options)
  const clock = { now: start }
  const manager = new EngineManager({
    engines: [engine],
    now: () => clock.now,
    health: { storage, maxFailures: () => maxFailures },
  })
  return { engine, manager, storage, clock }
}

/** The models that are marked now. */
function marked({ items }: TestStorage): string[] {
  const { markers = [] } = JSON.parse(items.get(KEY) ?? '{}') as { markers?: { model: string }[] }
  return markers.map(({ model }) => model)
}

describe('the health of models', () => {
  it('is told to policies, also in the next visit', async () => {
    const { manager, storage } = make({ faults: [{ ...LOAD_FAILS, model: 'tiny' }] })
    for (let i = 0; i < 4; i++) await rejection(manager.load(MODEL))
    await manager.load(other)
    assert.equal(manager.states().tiny?.failures, 3)
    assert.equal(manager.states().other?.failures, undefined)
    const next = make({}, { storage })
    assert.deepEqual(next.manager.states(), { tiny: { status: 'absent', failures: 3 } })
  })

  it('is as bad as the operator says', async () => {
    const { manager } = make({ faults: [LOAD_FAILS] }, { maxFailures: 2 })
    await rejection(manager.load(MODEL))
    assert.equal(manager.states().tiny?.failures, 1)
    await rejection(manager.load(MODEL))
    await rejection(manager.load(MODEL))
    assert.equal(manager.states().tiny?.failures, 2)
  })

  it('is mended by an answer that comes to its end, not by a load', async () => {
    const dies = { does: 'fail', at: 1, code: 'stalled' } as const
    const { manager, engine, clock } = make({ faults: [dies] })
    for (let i = 0; i < 3; i++) await rejection(collect(manager.generate(MODEL, request)))
    assert.equal(manager.states().tiny?.failures, 3)
    clock.now += FAILURE_WINDOW_MS
    await manager.unload('tiny')
    await manager.load(MODEL)
    await rejection(collect(manager.generate(MODEL, request)))
    assert.equal(manager.states().tiny?.failures, 3, 'one failure was enough')
    clock.now += FAILURE_WINDOW_MS
    assert.equal(manager.states().tiny?.failures, 3, 'and it is open for longer')
    engine.faults = []
    for await (const event of manager.generate(MODEL, request)) if (event.type === 'done') break
    assert.equal(manager.states().tiny?.failures, undefined)
    engine.faults = [dies]
    await rejection(collect(manager.generate(MODEL, request)))
    assert.equal(manager.states().tiny?.failures, 1, 'all is forgotten')
  })

  it('is not touched by an answer that is given up', async () => {
    const { manager, engine, clock } = make({ faults: [LOAD_FAILS] })
    for (let i = 0; i < 3; i++) await rejection(manager.load(MODEL))
    clock.now += FAILURE_WINDOW_MS - 1
    engine.faults = []
    for await (const _ of manager.generate(MODEL, request)) break
    assert.equal(manager.states().tiny?.failures, 3)
  })

  it('is that of an engine and a model, and only of engines that the page has', async () => {
    const storage = new TestStorage()
    const makeNamed = (name: string) => make({ name, faults: [LOAD_FAILS] }, { storage })
    const foreign = { ...MODEL, framework: 'foreign' }
    const { manager } = makeNamed('foreign')
    for (let i = 0; i < 3; i++) await rejection(manager.load(foreign))
    assert.equal(manager.states().tiny?.failures, 3)
    assert.deepEqual(makeNamed('fake').manager.states(), {})
    const both = new EngineManager({
      engines: [new FakeEngine({ name: 'foreign' }), new FakeEngine({ cached: ['tiny'] })],
      health: { storage },
      now: () => 1e12,
    })
    assert.equal(both.states().tiny?.failures, 3, 'while nobody knows which engine it is of')
    await both.survey([MODEL])
    assert.deepEqual(both.states(), { tiny: { status: 'cached' } })
    await both.survey([foreign])
    assert.equal(both.states().tiny?.failures, 3)
  })

  it('is known once the models were looked for', async () => {
    const markers = [{ engine: 'fake', model: 'tiny', lock: 'edgewise-of-a-dead-tab' }]
    const storage = new TestStorage({ [KEY]: JSON.stringify({ version: 1, markers }) })
    const { manager } = make({}, { storage })
    await manager.survey([MODEL, other])
    assert.deepEqual(manager.states(), { tiny: { status: 'absent', failures: 3 }, other: { status: 'absent' } })
    await collect(manager.generate(MODEL, request))
    assert.deepEqual(manager.states().tiny?.failures, undefined)
    const ready = make({}, { storage: new TestStorage({ [KEY]: JSON.stringify({ version: 1, markers }) }) })
    await ready.manager.ready
    assert.equal(ready.manager.states().tiny?.failures, 3)
  })
})

describe('the marker of what may take the tab down', () => {
  /** What is marked while the engine says how far it is, and while it says nothing. */
  async function watch(cached: boolean, stages: LoadProgress['stage'][], end?: Error) {
    const { manager, engine, storage } = make({ cached: cached ? ['tiny'] : [] })
    await manager.survey([MODEL])
    const seen: string[][] = []
    const load = engine.load.bind(engine)
    engine.load = async (model, options) => {
      seen.push(marked(storage))
      for (const stage of stages) {
        options?.onProgress?.({ stage, progress: 0.1 })
        seen.push(marked(storage))
      }
      if (end) throw end
      return load(model, options)
    }
    await manager.load(MODEL).catch(() => {})
    return { seen: seen.map((models) => models.length), left: marked(storage), manager, engine, storage }
  }

  it('stands while a model is read, compiled or moved, not while it is downloaded', async () => {
    const { seen, left } = await watch(false, ['download', 'load', 'download', 'load'])
    assert.deepEqual(seen, [0, 0, 1, 0, 1])
    assert.deepEqual(left, [])
  })

  it('stands from the start where nothing is to be downloaded', async () => {
    assert.deepEqual((await watch(true, [])).seen, [1])
    assert.deepEqual((await watch(true, ['download', 'load'])).seen, [1, 0, 1])
  })

  it('goes when the load fails', async () => {
    const { seen, left } = await watch(true, ['load'], new Error('broken'))
    assert.deepEqual(seen, [1, 1])
    assert.deepEqual(left, [])
  })

  it('goes when the load is given up, or all is disposed', async () => {
    for (const end of ['abort', 'dispose'] as const) {
      const { manager, storage } = make({ cached: ['tiny'], faults: [{ does: 'hang', at: 'load' }] })
      await manager.survey([MODEL])
      const controller = new AbortController()
      const loading = rejection(manager.load(MODEL, { signal: controller.signal }))
      await until(() => marked(storage).length === 1)
      if (end === 'abort') controller.abort()
      else await manager.dispose()
      await loading
      await until(() => marked(storage).length === 0)
    }
  })

  it('stands until the first answer after a load has a token, and no more', async () => {
    const { manager, engine, storage } = await watch(false, [])
    for (const atFirst of [['tiny'], []]) {
      const seen: string[][] = []
      engine.answer = () => {
        seen.push(marked(storage))
        return 'Hello from here'
      }
      for await (const _ of manager.generate(MODEL, request)) seen.push(marked(storage))
      assert.deepEqual(seen, [atFirst, [], [], [], []])
    }
  })

  it('stands again for the next answer where the first was given up before a token', async () => {
    const { manager, engine, storage } = await watch(false, [])
    engine.faults = [{ does: 'hang', at: 0 }]
    for (let i = 0; i < 2; i++) {
      const controller = new AbortController()
      const answer = rejection(collect(manager.generate(MODEL, request, { signal: controller.signal })))
      await until(() => marked(storage).length === 1)
      controller.abort()
      await answer
      assert.deepEqual(marked(storage), [])
    }
  })

  it('stands again after the model was loaded again', async () => {
    const { manager, engine, storage } = await watch(false, [])
    await collect(manager.generate(MODEL, request))
    await manager.load(other)
    engine.faults = [{ does: 'hang', at: 0 }]
    const controller = new AbortController()
    const answer = rejection(collect(manager.generate(MODEL, request, { signal: controller.signal })))
    await until(() => engine.log.at(-1) === 'generate tiny')
    assert.deepEqual(marked(storage), ['tiny'])
    controller.abort()
    await answer
  })
})
