import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { FakeEngine } from '../../src/testing/fake-engine.ts'
import { testModel } from '../../src/testing/model.ts'
import type { ChatMessage, ChatTool } from '../../src/wire.ts'
import { GRACE_MS, happens, memory, serverWith, stopClock, visit } from './progressive-visit.ts'
import { LOAD_FAILS } from './setup.ts'

/** What the server would say of a model that takes long to load. */
const toServer = () => ({ target: 'server', useBrowser: false }) as const

const HOUR = 3_600_000

describe('a model that would answer better', () => {
  it('is offered and loaded while nothing else goes on, and answers the next turn', async (t) => {
    const clock = stopClock(t)
    const { client, engine, offers } = visit(t)
    assert.equal((await client.generate('one')).source, 'server')
    await clock.advance(GRACE_MS - 1)
    assert.equal(offers.length, 0)
    await clock.advance(1)
    await happens(() => engine.resident === 1)
    assert.deepEqual(
      offers.map(({ model, purpose, metered, bytes }) => ({ id: model.id, purpose, metered, bytes })),
      [{ id: 'tiny', purpose: 'idle', metered: false, bytes: 1_000_000 }],
    )
    assert.equal((await client.generate('two')).source, 'browser')
    await clock.advance(HOUR)
    assert.equal(offers.length, 1)
    assert.deepEqual(engine.log, ['load tiny', 'loaded tiny', 'generate tiny', 'stop tiny'])
  })

  it('is not thought of while an answer comes, or has just come', async (t) => {
    const clock = stopClock(t)
    const { client, offers } = visit(t, { server: serverWith({ tokenMs: 10 * GRACE_MS }) })
    for (const prompt of ['one', 'two']) {
      await clock.until(client.generate(prompt))
      assert.equal(offers.length, 0)
      await clock.advance(GRACE_MS / 2)
    }
    await clock.advance(GRACE_MS)
    await happens(() => offers.length === 1)
  })

  it('is loaded without an offer when it is on disk', async (t) => {
    const clock = stopClock(t)
    const server = serverWith({ route: toServer })
    const { client, engine, offers } = visit(t, { server, engine: new FakeEngine({ cached: ['tiny'] }) })
    await client.generate('one')
    await clock.advance(GRACE_MS)
    await happens(() => engine.resident === 1)
    assert.equal(offers.length, 0)
  })

  it('is the app’s own business where it says so', async (t) => {
    const clock = stopClock(t)
    const { client, engine } = visit(t, {
      engine: new FakeEngine({ cached: ['tiny'] }),
      server: serverWith({ route: toServer }),
      preloads: 'manual',
    })
    await client.generate('one')
    await clock.advance(HOUR)
    assert.deepEqual(engine.log, [])
  })

  it('is loaded by the request itself for whoever always wants it', async (t) => {
    const clock = stopClock(t)
    const { client, offers } = visit(t)
    client.setMode('always')
    assert.equal((await client.generate('one')).source, 'browser')
    await clock.advance(HOUR)
    assert.deepEqual(
      offers.map(({ purpose }) => purpose),
      ['request'],
    )
  })

  it('is nobody’s wish where the user wants none', async (t) => {
    const clock = stopClock(t)
    const { client, engine, offers } = visit(t)
    client.setMode('never')
    assert.equal((await client.generate('one')).source, 'server')
    await clock.advance(HOUR)
    assert.deepEqual([engine.log, offers], [[], []])
  })
})

describe('what the user says to an offer', () => {
  it('is no, and they are asked no more: in this visit, in the next, until it is forgotten', async (t) => {
    const clock = stopClock(t)
    const storage = memory()
    const onOffer = () => false
    const first = visit(t, { storage, onOffer })
    for (const prompt of ['one', 'two']) {
      assert.equal((await first.client.generate(prompt)).source, 'server')
      await clock.advance(HOUR)
      assert.equal(first.offers.length, 1)
    }
    await clock.until(first.client.dispose())
    const second = visit(t, { storage, onOffer })
    await second.client.generate('three')
    await clock.advance(HOUR)
    assert.equal(second.offers.length, 0)
    await second.client.forgetConsent('tiny')
    await second.client.generate('four')
    await clock.advance(GRACE_MS)
    await happens(() => second.offers.length === 1)
    assert.deepEqual([...first.engine.log, ...second.engine.log], ['dispose'])
  })

  it('is no as well when the dialog fails, without being remembered', async (t) => {
    const clock = stopClock(t)
    const errors: unknown[] = []
    Object.assign(globalThis, { reportError: (error: unknown) => errors.push(error) })
    t.after(() => Reflect.deleteProperty(globalThis, 'reportError'))
    const { client, offers } = visit(t, { onOffer: () => Promise.reject(new Error('a mistake of the app')) })
    for (const prompt of ['one', 'two']) {
      await client.generate(prompt)
      await clock.advance(HOUR)
    }
    assert.deepEqual([offers.length, errors.length], [1, 1])
  })

  it('is yes, and remembered too', async (t) => {
    const clock = stopClock(t)
    const storage = memory()
    for (const count of [1, 0]) {
      const { client, engine, offers } = visit(t, { storage })
      await client.generate('one')
      await clock.advance(GRACE_MS)
      await happens(() => engine.resident === 1)
      assert.equal(offers.length, count)
      await clock.until(client.dispose())
    }
  })

  it('counts for another client of theirs as well, which finds the files of the first', async (t) => {
    const clock = stopClock(t)
    const storage = memory()
    const first = visit(t, { storage })
    const second = visit(t, { storage, engine: new FakeEngine({ diskOf: first.engine }) })
    await Promise.all([first.client.generate('one'), second.client.initialize()])
    await clock.advance(GRACE_MS)
    await happens(() => first.engine.resident === 1)
    await second.client.generate('one')
    await clock.advance(GRACE_MS)
    await happens(() => second.engine.resident === 1)
    assert.deepEqual([first.offers.length, second.offers.length], [1, 0])
    assert.deepEqual([first.engine.downloads, second.engine.downloads], [1, 0])
  })
})

describe('a load while nothing else goes on', () => {
  it('holds no request up, and moves none that is under way', async (t) => {
    const clock = stopClock(t)
    const engine = new FakeEngine({ loadMs: 10_000 })
    const { client } = visit(t, { engine, server: serverWith({ tokenMs: 4000 }) })
    await clock.until(client.generate('one'))
    await clock.advance(GRACE_MS)
    await happens(() => engine.log.length === 1)
    const second = client.generate('two')
    await clock.advance(10_000)
    assert.equal(engine.resident, 1)
    const { source, route } = await clock.until(second)
    assert.deepEqual([source, route.attempts.length], ['server', 1])
    assert.equal((await clock.until(client.generate('three'))).source, 'browser')
  })

  it('leaves a tool loop where it began', async (t) => {
    const clock = stopClock(t)
    const call = { id: 'c1', type: 'function', function: { name: 'clock', arguments: '{}' } } as const
    const server = serverWith({ models: [testModel({ supports: { tools: true } })] })
    const { client, engine } = visit(t, { server, engine: new FakeEngine({ supports: { tools: true } }) })
    const tools: ChatTool[] = [{ type: 'function', function: { name: 'clock', parameters: {} } }]
    const asked: ChatMessage[] = [{ role: 'user', content: 'What time is it?' }]
    const sources: string[] = []
    const ask = async (messages: ChatMessage[]): Promise<void> => {
      const stream = client.stream({ messages, tools, conversationId: 'c' })
      for await (const event of stream) if (event.type === 'done') sources.push(event.route.source)
    }
    await ask(asked)
    await clock.advance(GRACE_MS)
    await happens(() => engine.resident === 1)
    const results: ChatMessage[] = [
      { role: 'assistant', content: null, tool_calls: [call] },
      { role: 'tool', tool_call_id: 'c1', content: '12:00' },
    ]
    await ask([...asked, ...results])
    await ask([...asked, ...results, { role: 'assistant', content: 'Noon.' }, { role: 'user', content: 'Thanks' }])
    assert.deepEqual(sources, ['server', 'server', 'browser'])
  })

  it('gives way to a model that a request needs, and then takes nobody’s place', async (t) => {
    const clock = stopClock(t)
    const other = testModel({ id: 'other' })
    const server = serverWith({ models: [testModel(), other] })
    const { client, engine } = visit(t, { server, engine: new FakeEngine({ loadMs: 10_000, downloadSteps: 9 }) })
    const wantsTiny = () => ({ ...toServer(), preload: 'tiny', modelInfo: testModel() })
    server.route = wantsTiny
    await client.generate('one')
    await clock.advance(GRACE_MS)
    await happens(() => engine.log.length === 1)
    server.route = () => ({ target: 'browser', useBrowser: true, modelInfo: other })
    await clock.until(client.generate('two'))
    server.route = wantsTiny
    await client.generate('three')
    await clock.advance(HOUR)
    assert.deepEqual(engine.log, [
      'load tiny',
      'abort tiny',
      'load other',
      'loaded other',
      'generate other',
      'stop other',
    ])
  })

  it('that fails is tried again later, and not for ever', async (t) => {
    const clock = stopClock(t)
    const { client, engine, offers } = visit(t, { engine: new FakeEngine({ faults: [LOAD_FAILS] }) })
    await client.generate('one')
    await clock.advance(GRACE_MS)
    await happens(() => engine.log.length === 1)
    const loads: number[] = []
    for (const ms of [59_000, 4000, 118_000, 4000, HOUR]) {
      await client.generate('more')
      await clock.advance(ms)
      loads.push(engine.log.length)
    }
    assert.deepEqual(loads, [1, 2, 2, 3, 3])
    assert.equal(offers.length, 1)
  })

  it('ends with the client', async (t) => {
    const clock = stopClock(t)
    const { client, engine } = visit(t, { engine: new FakeEngine({ loadMs: 10_000 }) })
    await client.generate('one')
    await clock.advance(GRACE_MS)
    await happens(() => engine.log.length === 1)
    await clock.until(client.dispose())
    assert.equal(clock.pending, 0)
    await clock.advance(HOUR)
    assert.deepEqual(engine.log.toSorted(), ['abort tiny', 'dispose', 'load tiny'])
  })

  it('is not tried again once the client has ended', async (t) => {
    const clock = stopClock(t)
    const { client, engine } = visit(t, { engine: new FakeEngine({ faults: [LOAD_FAILS] }) })
    await client.generate('one')
    await clock.advance(GRACE_MS)
    await happens(() => engine.log.length === 1 && clock.pending === 1)
    await clock.until(client.dispose())
    assert.equal(clock.pending, 0)
  })

  it('is no longer offered when the client ends', async (t) => {
    const clock = stopClock(t)
    const { client, engine, offers } = visit(t, { onOffer: () => new Promise(() => {}) })
    await client.generate('one')
    await clock.advance(GRACE_MS)
    await happens(() => offers.length === 1)
    assert.equal(offers[0]?.signal.aborted, false)
    await clock.until(client.dispose())
    assert.equal(offers[0]?.signal.aborted, true)
    assert.deepEqual(engine.log, ['dispose'])
  })
})
