import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { FAILURE_WINDOW_MS } from '../../src/engine/circuit.ts'
import type { EngineRequest } from '../../src/engine/engine.ts'
import { EngineManager } from '../../src/engine/manager.ts'
import { isEngineError } from '../../src/errors/engine-error.ts'
import { FakeEngine, type FakeEngineOptions } from '../../src/testing/fake-engine.ts'
import type { ModelInfo } from '../../src/wire.ts'
import { collect, LOAD_FAILS, LOAD_HANGS, rejection, settled } from './setup.ts'
import { MODEL } from './wire-server.ts'

const other: ModelInfo = { ...MODEL, id: 'other' }
const request: EngineRequest = { messages: [{ role: 'user', content: 'hi' }], maxTokens: 10 }

function make(options: FakeEngineOptions = {}, now?: () => number) {
  const engine = new FakeEngine(options)
  return { engine, manager: new EngineManager({ engines: [engine], now }) }
}

function gate() {
  let open = (): void => {}
  const promise = new Promise<void>((resolve) => {
    open = resolve
  })
  return { promise, open }
}

describe('EngineManager', () => {
  it('loads once for all who ask, and tells each how far it is', async () => {
    const { promise, open } = gate()
    const { manager, engine } = make({ faults: [{ ...LOAD_HANGS, until: promise }] })
    const seen: number[][] = [[], []]
    const loads = seen.map((list) => manager.load(MODEL, { onProgress: (p) => list.push(p.progress) }))
    await settled(5)
    const progress = { progress: 0.5, stage: 'download', loadedBytes: 500_000, totalBytes: 1_000_000 }
    assert.deepEqual(manager.model('tiny'), { status: 'loading', progress })
    const late: number[] = []
    loads.push(manager.load(MODEL, { onProgress: (p) => late.push(p.progress) }))
    open()
    await Promise.all(loads)
    await manager.load(MODEL)
    assert.deepEqual(engine.log, ['load tiny', 'loaded tiny'])
    assert.deepEqual(
      [...seen, late],
      [
        [0.5, 1],
        [0.5, 1],
        [0.5, 1],
      ],
    )
    assert.deepEqual(manager.model('tiny'), { status: 'loaded' })
  })

  it('goes on loading while anybody waits', async () => {
    const { promise, open } = gate()
    const { manager, engine } = make({ faults: [{ ...LOAD_HANGS, until: promise }] })
    const controller = new AbortController()
    const one = rejection(manager.load(MODEL, { signal: controller.signal }))
    const two = collect(manager.generate(MODEL, request))
    await settled(5)
    controller.abort()
    assert.equal(((await one) as Error).name, 'AbortError')
    open()
    assert.equal((await two).length, 4)
    assert.deepEqual(engine.log.slice(0, 2), ['load tiny', 'loaded tiny'])
  })

  it('stops loading when the last one has gone, and loads again when asked', async () => {
    const { promise, open } = gate()
    const { manager, engine } = make({ faults: [{ ...LOAD_HANGS, until: promise }] })
    const controllers = [new AbortController(), new AbortController()]
    const loads = controllers.map(({ signal }) => rejection(manager.load(MODEL, { signal })))
    await settled(5)
    for (const controller of controllers) controller.abort()
    await Promise.all(loads)
    const again = manager.load(MODEL)
    open()
    await again
    assert.deepEqual(engine.log, ['load tiny', 'abort tiny', 'load tiny', 'loaded tiny'])
    assert.equal(manager.states().tiny?.failures, undefined)
  })

  it('keeps one model in an engine', async () => {
    const { manager, engine } = make({ cached: ['tiny'] })
    await manager.load(MODEL)
    await manager.load(other)
    assert.deepEqual(engine.log, ['load tiny', 'loaded tiny', 'unload tiny', 'load other', 'loaded other'])
    await settled(1)
    assert.equal(manager.states().tiny?.status, 'cached')
    assert.equal(manager.states().other?.status, 'loaded')
  })

  it('generates one after the other, also when two models are wanted at once', async () => {
    const { manager, engine } = make()
    const wanted = [MODEL, other, MODEL, MODEL]
    const answers = await Promise.all(wanted.map((model) => collect(manager.generate(model, request))))
    assert.ok(answers.every((events) => events.length === 4))
    const runs = engine.log.filter((line) => /^(generate|stop)/.test(line))
    assert.equal(runs.length, 8)
    for (let i = 0; i < runs.length; i += 2) {
      assert.equal(runs[i]?.replace('generate', 'stop'), runs[i + 1])
    }
  })

  it('takes an aborted one out of the line', async () => {
    const { manager, engine } = make({ faults: [{ does: 'hang', at: 1 }] })
    const first = new AbortController()
    const second = new AbortController()
    const running = rejection(collect(manager.generate(MODEL, request, { signal: first.signal })))
    await settled(5)
    const waiting = rejection(collect(manager.generate(MODEL, request, { signal: second.signal })))
    const last = collect(manager.generate(MODEL, { ...request, maxTokens: 1 }))
    second.abort()
    assert.equal(((await waiting) as Error).name, 'AbortError')
    engine.faults = []
    first.abort()
    await running
    assert.deepEqual((await last).at(-1), {
      type: 'done',
      finishReason: 'length',
      usage: { promptTokens: 4, completionTokens: 1 },
    })
    assert.equal(engine.requests.length, 2)
  })

  it('counts failures for five minutes, once each', async () => {
    let now = 1_000_000
    const { manager, engine } = make({ faults: [{ does: 'die', at: 1 }], cached: ['tiny'] }, () => now)
    await rejection(collect(manager.generate(MODEL, request)))
    engine.die()
    await settled(5)
    assert.equal(manager.states().tiny?.failures, 1)
    assert.equal(manager.states().tiny?.status, 'cached')
    engine.faults = [LOAD_FAILS]
    assert.ok(isEngineError(await rejection(manager.load(MODEL))))
    assert.equal(manager.states().tiny?.failures, 2)
    now += FAILURE_WINDOW_MS
    assert.equal(manager.states().tiny?.failures, undefined)
  })

  it('loads again after the engine died', async () => {
    const { manager, engine } = make()
    await manager.load(MODEL)
    engine.die()
    await settled(5)
    assert.equal((await collect(manager.generate(MODEL, request))).length, 4)
    assert.equal(engine.log.filter((line) => line === 'loaded tiny').length, 2)
    assert.equal(manager.states().tiny?.failures, 1)
  })

  it('types what a plug-in throws against its contract', async () => {
    const { manager, engine } = make()
    engine.load = async () => {
      throw 'a string'
    }
    const error = await rejection(manager.load(MODEL))
    assert.ok(isEngineError(error) && error.code === 'load_failed' && error.cause === 'a string')
  })

  it('goes on after an engine that throws instead of answering', async () => {
    const broken = new Error('no generator at all')
    const throwers = {
      'at once': () => {
        throw broken
      },
      'when asked for an iterator': () => ({
        get [Symbol.asyncIterator](): never {
          throw broken
        },
      }),
      'when asked to stop': () => ({
        [Symbol.asyncIterator]: () => ({
          next: () => Promise.reject(broken),
          return: () => {
            throw new Error('no end either')
          },
        }),
      }),
    }
    for (const [when, generate] of Object.entries(throwers)) {
      const { manager, engine } = make()
      const load = engine.load.bind(engine)
      let isBroken = true
      engine.load = async (...args) => {
        const loaded = await load(...args)
        const { model, lost } = loaded
        return {
          model,
          lost,
          unload: () => loaded.unload(),
          generate: (...args) => (isBroken ? generate() : loaded.generate(...args)),
        }
      }
      const error = await rejection(collect(manager.generate(MODEL, request)))
      assert.ok(isEngineError(error) && error.code === 'generate_failed' && error.cause === broken, when)
      isBroken = false
      assert.equal((await collect(manager.generate(MODEL, request))).length, 4, when)
    }
  })

  it('says that an engine is missing', async () => {
    const { manager } = make({ name: 'another' })
    const error = await rejection(manager.load(MODEL))
    assert.ok(isEngineError(error) && error.code === 'misconfigured' && /engines/.test(error.message))
  })

  it('asks where models are, and takes no answer for unknown', async () => {
    const { manager, engine } = make({ cached: ['tiny'] })
    await manager.survey([MODEL, other, { ...MODEL, id: 'foreign', framework: 'nobody' }])
    assert.deepEqual(manager.states(), { tiny: { status: 'cached' }, other: { status: 'absent' } })
    engine.status = () => Promise.reject(new Error('against the contract'))
    await manager.survey([{ ...MODEL, id: 'third' }])
    assert.equal(manager.states().third, undefined)
  })

  it('ends while it loads and generates, more than once', async () => {
    const { manager, engine } = make({ faults: [LOAD_HANGS] })
    const loading = rejection(manager.load(MODEL))
    const generating = rejection(collect(manager.generate(MODEL, request)))
    await settled(5)
    await Promise.all([manager.dispose(), manager.dispose()])
    for (const error of [await loading, await generating]) assert.ok(isEngineError(error))
    assert.deepEqual([...engine.log].sort(), ['abort tiny', 'dispose', 'load tiny'])
    assert.ok(isEngineError(await rejection(manager.load(MODEL))))
  })

  it('unloads when what runs has ended', async () => {
    const { manager, engine } = make({ cached: ['tiny'] })
    const running = collect(manager.generate(MODEL, request))
    await settled(1)
    await Promise.all([running, manager.unload('tiny')])
    assert.deepEqual(engine.log.slice(-2), ['stop tiny', 'unload tiny'])
    await settled(1)
    assert.deepEqual(manager.model('tiny'), { status: 'cached' })
  })

  it('asks where an unloaded or lost model is, and takes nothing for stored', async () => {
    const { manager, engine } = make({ keepsModels: false })
    await manager.load(MODEL)
    await manager.unload('tiny')
    await settled(1)
    assert.deepEqual(manager.model('tiny'), { status: 'absent' })
    await manager.load(MODEL)
    engine.status = () => new Promise(() => {})
    engine.die()
    await settled(1)
    assert.equal(manager.model('tiny'), undefined)
    assert.deepEqual(manager.states(), { tiny: { status: 'absent', failures: 1 } }, 'its failure is heard meanwhile')
  })

  it('loads once more what somebody else ended', async () => {
    for (const code of ['not_loaded', 'lost'] as const) {
      const { manager, engine } = make()
      await manager.load(MODEL)
      engine.faults = [{ does: 'fail', at: 0, code }]
      const load = engine.load.bind(engine)
      engine.load = (...args) => {
        engine.faults = []
        return load(...args)
      }
      assert.equal((await collect(manager.generate(MODEL, request))).length, 4)
      assert.equal(engine.log.filter((line) => line === 'loaded tiny').length, 2)
      assert.deepEqual(manager.model('tiny'), { status: 'loaded' })
      assert.equal(manager.states().tiny?.failures, code === 'lost' ? 1 : undefined)
    }
  })

  it('loads once more only once, and never in the middle of an answer', async () => {
    const { manager, engine } = make({ faults: [{ does: 'fail', at: 0, code: 'not_loaded' }], keepsModels: false })
    const never = await rejection(collect(manager.generate(MODEL, request)))
    assert.ok(isEngineError(never) && never.code === 'not_loaded')
    assert.equal(engine.log.filter((line) => line === 'loaded tiny').length, 2)
    await settled(1)
    assert.deepEqual(manager.model('tiny'), { status: 'absent' })
    engine.faults = [{ does: 'fail', at: 2, code: 'not_loaded' }]
    assert.ok(isEngineError(await rejection(collect(manager.generate(MODEL, request)))))
    assert.equal(engine.log.filter((line) => line === 'loaded tiny').length, 3)
    assert.notDeepEqual(manager.model('tiny'), { status: 'loaded' })
  })

  it('is not broken by listeners that throw, and says so', async (t) => {
    const reports: (() => void)[] = []
    t.mock.method(globalThis, 'queueMicrotask', (report: () => void) => reports.push(report))
    const { manager } = make()
    const broken = () => {
      throw new Error('a bug of the UI')
    }
    let heard = 0
    manager.subscribe(broken)
    manager.subscribe(() => heard++)
    await Promise.all([
      manager.load(MODEL, { onProgress: broken }),
      settled(0).then(() => manager.load(MODEL, { onProgress: broken })),
    ])
    assert.deepEqual(manager.model('tiny'), { status: 'loaded' })
    assert.equal((await collect(manager.generate(MODEL, request))).length, 4)
    await manager.unload('tiny')
    await manager.dispose()
    assert.ok(heard > 0)
    assert.ok(reports.length > heard)
    for (const report of reports) assert.throws(report, { message: 'a bug of the UI' })
  })
})
