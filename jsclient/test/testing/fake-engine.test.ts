import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { EngineUsage } from '../../src/engine/engine.ts'
import { EngineManager } from '../../src/engine/manager.ts'
import { isEngineError } from '../../src/errors/engine-error.ts'
import { collect } from '../../src/testing/conformance.ts'
import type { EngineFault } from '../../src/testing/engine-faults.ts'
import { FakeEngine, type FakeEngineOptions } from '../../src/testing/fake-engine.ts'
import { testModel } from '../../src/testing/model.ts'
import { VirtualClock } from '../../src/testing/virtual-clock.ts'

const model = testModel()
const request = { messages: [{ role: 'user' as const, content: 'hi there' }], maxTokens: 9 }

async function loadedWith(options: FakeEngineOptions) {
  const engine = new FakeEngine(options)
  return { engine, loaded: await engine.load(model) }
}

describe('a fake engine answers', () => {
  test('hello, a word a token, and writes down what was asked', async () => {
    const { engine, loaded } = await loadedWith({})
    const { text, tokens, done } = await collect(loaded, request)
    assert.deepEqual([text, tokens], ['Hello from here', 3])
    assert.deepEqual(done.usage, { promptTokens: 5, completionTokens: 3 })
    await loaded.unload()
    await engine.dispose()
    assert.deepEqual(engine.requests, [request])
    assert.deepEqual(engine.log, ['load tiny', 'loaded tiny', 'generate tiny', 'stop tiny', 'unload tiny', 'dispose'])
  })

  test('by request, in given tokens, with another end', async () => {
    const { engine, loaded } = await loadedWith({ answer: ({ messages }) => `You said ${messages[0]?.content}` })
    assert.equal((await collect(loaded, request)).text, 'You said hi there')
    engine.answer = ['a b', 'c']
    assert.deepEqual(await collect(loaded, { ...request, maxTokens: 1 }), {
      ...{ text: 'a b', tokens: 1, deltas: 1 },
      done: { type: 'done', finishReason: 'length', usage: { promptTokens: 5, completionTokens: 1 } },
    })
    engine.answer = { text: 'No.', finishReason: 'content_filter', promptTokens: 70, cachedTokens: 7 }
    assert.deepEqual((await collect(loaded, request)).done, {
      type: 'done',
      finishReason: 'content_filter',
      usage: { promptTokens: 70, completionTokens: 1, cachedTokens: 7 },
    })
  })

  test('with tool calls, once it supports tools', async () => {
    const toolCalls = [{ id: 't', type: 'function' as const, function: { name: 'f', arguments: '{}' } }]
    const tools = [{ type: 'function' as const, function: { name: 'f' } }]
    const { loaded } = await loadedWith({ answer: { toolCalls }, supports: { tools: true } })
    const { text, done } = await collect(loaded, { ...request, tools })
    assert.deepEqual([text, done.finishReason, done.toolCalls], ['', 'tool_calls', toolCalls])
  })

  for (const [content, faults, text, usage] of [
    ['Hello fr', [], 'om here', { promptTokens: 7, completionTokens: 2 }],
    ['Hi', [], 'Hello from here', { promptTokens: 6, completionTokens: 3 }],
    ['Hello ', [{ does: 'echo' }], 'Hello from here', { promptTokens: 7, completionTokens: 4 }],
  ] satisfies [string, EngineFault[], string, EngineUsage][]) {
    test(`on from ${JSON.stringify(content)}${faults.length ? ', with an echo' : ''}`, async () => {
      const { loaded } = await loadedWith({ faults, supports: { continuation: true } })
      const messages = [...request.messages, { role: 'assistant' as const, content }]
      const answer = await collect(loaded, { ...request, messages, continueFinalMessage: true })
      assert.deepEqual([answer.text, answer.done.usage], [text, usage])
    })
  }

  test('in virtual time', async () => {
    using clock = VirtualClock.install()
    const engine = new FakeEngine({ loadMs: 30_000, tokenMs: 500 })
    let loadedAt = 0
    const loading = engine.load(model).then((loaded) => {
      loadedAt = clock.elapsed()
      return loaded
    })
    await clock.advance(40_000)
    assert.equal(loadedAt, 30_000)
    const answer = collect(await loading, request)
    await clock.advance(1_400)
    assert.equal(engine.generated, 2)
    await clock.advance(100)
    assert.equal((await answer).tokens, 3)
  })
})

describe('a fake engine loads', () => {
  test('bytes once, and keeps them', async () => {
    const engine = new FakeEngine()
    const seen: unknown[] = []
    const load = async () => (await engine.load(model, { onProgress: (report) => seen.push(report) })).unload()
    assert.equal(await engine.status(model), 'absent')
    await load()
    assert.equal(await engine.status(model), 'cached')
    await load()
    assert.deepEqual(seen, [
      { progress: 0.5, stage: 'download', loadedBytes: 500_000, totalBytes: 1_000_000 },
      { progress: 1, stage: 'load', loadedBytes: 1_000_000, totalBytes: 1_000_000 },
      { progress: 0.5, stage: 'load' },
      { progress: 1, stage: 'load' },
    ])
    assert.deepEqual([engine.downloads, engine.located], [1, ['tiny', 'tiny']])
  })

  test('what is said to be on disk, and keeps nothing if told so', async () => {
    const engine = new FakeEngine({ cached: ['tiny'], keepsModels: false })
    assert.equal(await engine.status(model), 'cached')
    const other = testModel({ id: 'other' })
    await engine.load(other)
    assert.equal(await engine.status(other), 'absent')
  })
})

describe('a fake engine fails', () => {
  const errors = [
    ['quota_exceeded', 'ModelLoadError'],
    ['not_installed', 'EngineNotInstalledError'],
    [undefined, 'ModelLoadError'],
    ['acme_licence', 'ModelLoadError'],
  ] as const
  for (const [code, name] of errors) {
    test(`to load, with ${code ?? 'no code of its own'}`, async () => {
      const cause = new Error('underneath')
      const engine = new FakeEngine({ faults: [{ does: 'fail', at: 'load', ...(code && { code }), cause, times: 1 }] })
      await assert.rejects(engine.load(model), { name, code: code ?? 'load_failed', stage: 'load', cause })
      await collect(await engine.load(model), request) // it happens once
    })
  }

  test('at a token', async () => {
    const { engine, loaded } = await loadedWith({ faults: [{ does: 'fail', at: 2, code: 'interrupted' }] })
    const events = loaded.generate(request)[Symbol.asyncIterator]()
    assert.equal((await events.next()).value?.type, 'delta')
    assert.equal((await events.next()).value?.type, 'delta')
    await assert.rejects(events.next(), { name: 'EngineError', code: 'interrupted', stage: 'generate' })
    engine.faults = [{ does: 'fail', at: 0, code: 'unsupported' }]
    await assert.rejects(collect(loaded, request), { name: 'EngineUnsupportedError' })
    engine.faults = []
    await collect(loaded, request)
  })

  test('with one model and not with another', async () => {
    const engine = new FakeEngine({ faults: [{ does: 'fail', at: 'load', model: 'tiny' }] })
    await assert.rejects(engine.load(model))
    await engine.load(testModel({ id: 'other' }))
  })

  test('by hanging, until it is aborted or let go', async () => {
    let go = (): void => {}
    const until = new Promise<void>((resolve) => {
      go = resolve
    })
    const engine = new FakeEngine({
      faults: [
        { does: 'hang', at: 'load', until },
        { does: 'hang', at: 1 },
      ],
    })
    const loading = engine.load(model)
    const controller = new AbortController()
    const aborted = engine.load(model, { signal: controller.signal })
    controller.abort(new Error('enough'))
    await assert.rejects(aborted, { message: 'enough' })
    go()
    const loaded = await loading
    const leaving = new AbortController()
    const events = loaded.generate(request, { signal: leaving.signal })[Symbol.asyncIterator]()
    assert.equal((await events.next()).value?.type, 'delta')
    const hung = events.next()
    leaving.abort(new Error('too long'))
    await assert.rejects(hung, { message: 'too long' })
    assert.equal(engine.generated, 1)
  })

  for (const [way, faults] of [
    ['at a token', [{ does: 'die', at: 1 }]],
    ['with the code "lost"', [{ does: 'fail', at: 1, code: 'lost' }]],
  ] as const) {
    test(`by dying, ${way}`, async () => {
      const { engine, loaded } = await loadedWith({ faults: [...faults] })
      await assert.rejects(collect(loaded, request), { name: 'EngineLostError' })
      assert.equal((await loaded.lost).code, 'lost')
      await assert.rejects(collect(loaded, request), { name: 'EngineLostError' })
      assert.equal(engine.resident, 0)
    })
  }

  test('by dying when it is told', async () => {
    const { engine, loaded } = await loadedWith({ faults: [{ does: 'hang', at: 0 }] })
    const hung = assert.rejects(collect(loaded, request), { name: 'EngineLostError', message: 'no more' })
    engine.die('no more')
    await hung
    engine.faults = []
    await collect(await engine.load(model), request)
  })
})

describe('a fake engine breaks the contract', () => {
  for (const at of ['load', 1] as const) {
    test(`by throwing what is no error, at ${at}`, async () => {
      const engine = new FakeEngine({ faults: [{ does: 'throw', at, value: 'a string' }] })
      const manager = new EngineManager({ engines: [engine] })
      const answer = async () => {
        for await (const _ of manager.generate(model, request));
      }
      await assert.rejects(answer(), (error) => isEngineError(error) && error.cause === 'a string')
    })
  }

  for (const does of ['miscount', 'omit-done', 'repeat-done'] as const) {
    test(`as told: ${does}`, async () => {
      const { loaded } = await loadedWith({ faults: [{ does, times: 1 }] })
      await assert.rejects(collect(loaded, request), /expected/)
      await collect(loaded, request)
    })
  }
})
