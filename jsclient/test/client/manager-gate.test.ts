import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { Engine, EngineRequest } from '../../src/engine/engine.ts'
import type { LoadGate, LoadPass, LoadRequest } from '../../src/engine/load-gate.ts'
import { EngineManager } from '../../src/engine/manager.ts'
import { EngineError, isEngineError } from '../../src/errors/engine-error.ts'
import { FakeEngine, type FakeEngineOptions } from '../../src/testing/fake-engine.ts'
import type { ModelInfo } from '../../src/wire.ts'
import { collect, LOAD_FAILS, LOAD_HANGS, rejection, settled, until } from './setup.ts'
import { MODEL } from './wire-server.ts'

const other: ModelInfo = { ...MODEL, id: 'other' }
const request: EngineRequest = { messages: [{ role: 'user', content: 'hi' }], maxTokens: 10 }

interface Waiting {
  readonly model: string
  readonly request: LoadRequest
  open(): void
  refuse(error: unknown): void
}

/** A gate that a test opens, and that writes down what its passes hear. */
class TestGate implements LoadGate {
  /** Who stands before it. */
  readonly waiting: Waiting[] = []
  readonly log: string[] = []
  /** Those that pass at once. */
  free: string[]

  constructor(...free: string[]) {
    this.free = free
  }

  async enter(engine: Engine, { id }: ModelInfo, load: LoadRequest): Promise<LoadPass> {
    this.log.push(`enter ${engine.name} ${id} ${load.purpose}${load.consented ? ' consented' : ''}`)
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    this.waiting.push({ model: id, request: load, open: resolve, refuse: reject })
    load.signal.addEventListener('abort', () => reject(load.signal.reason))
    if (this.free.includes(id)) resolve()
    await promise
    return {
      progress: ({ progress }) => this.log.push(`progress ${id} ${progress}`),
      loaded: () => this.log.push(`loaded ${id}`),
      end: () => this.log.push(`end ${id}`),
    }
  }

  get last(): Waiting {
    const last = this.waiting.at(-1)
    assert.ok(last, 'somebody waits')
    return last
  }
}

function make(gate: TestGate, options: FakeEngineOptions = {}) {
  const engine = new FakeEngine(options)
  return { engine, manager: new EngineManager({ engines: [engine], gate }) }
}

describe('EngineManager at the gate', () => {
  it('waits before anything is unloaded, and what is resident goes on answering', async () => {
    const gate = new TestGate('tiny')
    const { manager, engine } = make(gate)
    await manager.load(MODEL)
    const loading = manager.load(other)
    await until(() => gate.waiting.length === 2)
    assert.equal((await collect(manager.generate(MODEL, request))).length, 4)
    assert.deepEqual(manager.model('tiny'), { status: 'loaded' })
    assert.deepEqual(manager.model('other'), { status: 'loading' })
    gate.last.open()
    await loading
    assert.deepEqual(engine.log.slice(-3), ['unload tiny', 'load other', 'loaded other'])
  })

  it('says who wants the model, and whether the user was asked', async () => {
    const gate = new TestGate('tiny', 'other')
    const { manager } = make(gate)
    await manager.load(MODEL)
    await manager.load(other, { purpose: 'idle', consented: true })
    await collect(manager.generate(MODEL, request))
    await collect(manager.generate(other, request, { purpose: 'preload' }))
    const entered = gate.log.filter((line) => line.startsWith('enter'))
    assert.deepEqual(entered, [
      'enter fake tiny preload',
      'enter fake other idle consented',
      'enter fake tiny request',
      'enter fake other preload',
    ])
  })

  it('asks once for all who share a load', async () => {
    const gate = new TestGate()
    const { manager, engine } = make(gate)
    const both = Promise.all([manager.load(MODEL), collect(manager.generate(MODEL, request))])
    await until(() => gate.waiting.length > 0)
    gate.last.open()
    await both
    assert.deepEqual(
      gate.log.filter((line) => line.startsWith('enter')),
      ['enter fake tiny preload'],
    )
    assert.equal(engine.downloads, 1)
  })

  it('keeps no model waiting for another that stands there', async () => {
    const gate = new TestGate('tiny')
    const { manager, engine } = make(gate)
    const answer = collect(manager.generate(other, request))
    await until(() => gate.waiting.length > 0)
    assert.equal((await collect(manager.generate(MODEL, request))).length, 4)
    gate.waiting[0]?.open()
    assert.equal((await answer).length, 4)
    assert.equal(engine.log.filter((line) => line.startsWith('loaded')).length, 2)
  })

  it('lets an answer follow its load, however many models are let in at once', async () => {
    const gate = new TestGate()
    const { manager, engine } = make(gate)
    const wanted = [MODEL, other, MODEL, other, MODEL]
    const answers = wanted.map((model) => collect(manager.generate(model, request)))
    await until(() => gate.waiting.length === 2)
    for (const { open } of gate.waiting) open()
    for (const answer of answers) assert.equal((await answer).length, 4)
    assert.equal(engine.log.filter((line) => line.startsWith('loaded')).length, 2, 'each was loaded once')
  })

  it('passes on how far another tab has come', async () => {
    const gate = new TestGate()
    const { manager } = make(gate)
    const seen: number[] = []
    const loading = manager.load(MODEL, { onProgress: ({ progress }) => seen.push(progress) })
    await until(() => gate.waiting.length > 0)
    const progress = { progress: 0.25, stage: 'download' } as const
    gate.last.request.onProgress(progress)
    assert.deepEqual(manager.model('tiny'), { status: 'loading', progress })
    gate.last.open()
    await loading
    assert.deepEqual(seen, [0.25, 0.5, 1])
  })

  it('tells the pass of the load, and of its end, once', async () => {
    const ways: Record<string, (manager: EngineManager, engine: FakeEngine) => Promise<unknown>> = {
      'it is unloaded': (manager) => manager.unload('tiny'),
      'another takes its place': (manager) => manager.load(other),
      'the engine dies': (_, engine) => settled(0).then(() => engine.die()),
      'somebody else ends it': async (manager, engine) => {
        engine.faults = [{ does: 'fail', at: 1, code: 'not_loaded' }]
        await rejection(collect(manager.generate(MODEL, request)))
      },
      'all is disposed': (manager) => manager.dispose(),
    }
    for (const [name, end] of Object.entries(ways)) {
      const gate = new TestGate('tiny', 'other')
      const { manager, engine } = make(gate)
      await manager.load(MODEL)
      const before = ['enter fake tiny preload', 'progress tiny 0.5', 'progress tiny 1', 'loaded tiny']
      assert.deepEqual(gate.log, before, name)
      await end(manager, engine)
      await settled(1)
      await manager.dispose()
      assert.deepEqual(
        gate.log.filter((line) => line === 'end tiny'),
        ['end tiny'],
        name,
      )
    }
  })

  it('tells the pass when the load fails or is given up', async () => {
    const failing = new TestGate('tiny')
    const { manager } = make(failing, { faults: [LOAD_FAILS] })
    await rejection(manager.load(MODEL))
    assert.equal(failing.log.at(-1), 'end tiny')
    const hanging = new TestGate('tiny')
    const given = make(hanging, { faults: [LOAD_HANGS] })
    const controller = new AbortController()
    const loading = rejection(given.manager.load(MODEL, { signal: controller.signal }))
    await until(() => given.engine.log.length > 0)
    controller.abort()
    await loading
    await until(() => hanging.log.at(-1) === 'end tiny')
    assert.ok(!hanging.log.includes('loaded tiny'))
  })

  it('takes a refusal for no failure of the model, whatever is thrown', async () => {
    const declined = new EngineError('no, thanks', { stage: 'load', code: 'declined' })
    for (const reason of [declined, new EngineError('gone', { stage: 'load', code: 'download_failed' }), 'a string']) {
      const gate = new TestGate('other')
      const { manager, engine } = make(gate)
      await manager.load(other)
      const answer = rejection(collect(manager.generate(MODEL, request)))
      await until(() => gate.waiting.length === 2)
      gate.last.refuse(reason)
      const error = await answer
      assert.ok(isEngineError(error) && error.stage === 'load')
      assert.ok(typeof reason === 'string' ? error.cause === reason : error === reason)
      assert.equal(manager.states().tiny?.failures, undefined)
      assert.deepEqual(engine.log, ['load other', 'loaded other'], 'and what is resident stays')
      gate.free.push('tiny')
      await manager.load(MODEL)
    }
  })

  it('can be given up there, and tried again', async () => {
    const gate = new TestGate('other')
    const { manager, engine } = make(gate)
    const controllers = [new AbortController(), new AbortController()]
    const calls = [
      rejection(manager.load(MODEL, { signal: controllers[0]?.signal })),
      rejection(collect(manager.generate(MODEL, request, { signal: controllers[1]?.signal }))),
    ]
    await until(() => gate.waiting.length === 1)
    const { signal } = gate.last.request
    controllers[0]?.abort()
    assert.equal(((await calls[0]) as Error).name, 'AbortError')
    assert.equal(signal.aborted, false, 'somebody still waits')
    controllers[1]?.abort()
    assert.equal(((await calls[1]) as Error).name, 'AbortError')
    assert.equal(signal.aborted, true)
    await settled(1)
    assert.equal(manager.model('tiny'), undefined)
    gate.free.push('tiny')
    assert.equal((await collect(manager.generate(MODEL, request))).length, 4)
    assert.equal((await collect(manager.generate(other, request))).length, 4, 'no turn was left behind')
    assert.equal(engine.downloads, 2)
  })

  it('ends a pass that comes too late', async () => {
    const gate = new TestGate()
    const enter = gate.enter.bind(gate)
    let deaf: Promise<LoadPass> | undefined
    gate.enter = (engine, model, load) => {
      deaf = enter(engine, model, { ...load, signal: new AbortController().signal })
      return deaf
    }
    const { manager, engine } = make(gate)
    const controller = new AbortController()
    const loading = rejection(manager.load(MODEL, { signal: controller.signal }))
    await until(() => gate.waiting.length > 0)
    controller.abort()
    await loading
    gate.last.open()
    await deaf
    await settled(1)
    assert.deepEqual(gate.log, ['enter fake tiny preload', 'end tiny'])
    assert.deepEqual(engine.log, [])
  })

  it('ends what stands there when it is disposed', async () => {
    const gate = new TestGate()
    const { manager } = make(gate)
    const loading = rejection(manager.load(MODEL))
    await until(() => gate.waiting.length > 0)
    await manager.dispose()
    assert.ok(isEngineError(await loading))
    assert.equal(gate.last.request.signal.aborted, true)
  })

  it('asks once more for somebody who wants it more than who was told no', async () => {
    for (const stronger of [{ purpose: 'preload' }, { purpose: 'idle', consented: true }] as const) {
      const gate = new TestGate()
      const { manager } = make(gate)
      const idle = rejection(manager.load(MODEL, { purpose: 'idle' }))
      await until(() => gate.waiting.length === 1)
      const wanted = manager.load(MODEL, stronger)
      const refused = new EngineError('no', { stage: 'load', code: 'declined' })
      gate.last.refuse(refused)
      assert.equal(await idle, refused)
      await until(() => gate.waiting.length === 2)
      gate.last.open()
      await wanted
      assert.equal(manager.model(MODEL.id)?.status, 'loaded')
    }
  })

  it('takes no for an answer of somebody who wants it as much', async () => {
    const gate = new TestGate()
    const { manager } = make(gate)
    const both = [rejection(manager.load(MODEL)), rejection(manager.load(MODEL))]
    await until(() => gate.waiting.length === 1)
    const refused = new EngineError('no', { stage: 'load', code: 'declined' })
    gate.last.refuse(refused)
    assert.deepEqual(await Promise.all(both), [refused, refused])
    assert.equal(gate.waiting.length, 1)
  })

  it('never tells of less than before, and finds on disk what another tab has downloaded', async () => {
    const gate = new TestGate()
    const { manager, engine } = make(gate, { loadMs: 5 })
    const heard: number[] = []
    const loading = manager.load(MODEL, { onProgress: ({ progress }) => heard.push(progress) })
    await until(() => gate.waiting.length === 1)
    gate.last.request.onProgress({ progress: 0.9, stage: 'download' })
    await new FakeEngine({ diskOf: engine }).load(MODEL)
    gate.last.open()
    await loading
    assert.deepEqual(
      heard,
      [...heard].sort((a, b) => a - b),
    )
    assert.equal(engine.downloads, 0)
    assert.ok(manager.states()[MODEL.id]?.loadMs, 'it counts as a load from disk')
  })
})
