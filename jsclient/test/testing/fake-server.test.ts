import assert from 'node:assert/strict'
import { describe, type TestContext, test } from 'node:test'
import { HybridInferenceClient } from '../../src/client/client.ts'
import type { HybridInferenceClientOptions } from '../../src/client/options.ts'
import { FakeEngine } from '../../src/testing/fake-engine.ts'
import { FakeServer, type FakeServerOptions } from '../../src/testing/fake-server.ts'
import { testModel } from '../../src/testing/model.ts'
import { VirtualClock } from '../../src/testing/virtual-clock.ts'
import type { ChatMessage, RouteRequest } from '../../src/wire.ts'
import { collect } from '../client/setup.ts'

const messages: ChatMessage[] = [{ role: 'user', content: 'hi' }]
const CHAT = '/chat/completions'

function setup(t: TestContext, options: FakeServerOptions = {}, more: Partial<HybridInferenceClientOptions> = {}) {
  const server = new FakeServer(options)
  const engine = new FakeEngine()
  const { baseURL, fetch } = server
  const client = new HybridInferenceClient({ baseURL, fetch, engines: [engine], ...more })
  t.after(() => client.dispose())
  return { server, engine, client }
}

const post = ({ fetch, baseURL }: FakeServer, path: string, body: unknown) =>
  fetch(baseURL + path, { method: 'POST', body: JSON.stringify(body) })

describe('a client before a fake server', () => {
  test('is told to answer itself, does, and reports', async (t) => {
    const { server, client } = setup(t)
    const { text, source, route } = await client.generate('hi')
    assert.deepEqual([text, source, route.reason], ['Hello from here', 'browser', 'optimal_for_browser'])
    assert.deepEqual([route.decidedBy, route.decisionId], ['server', 'd1'])
    await client.dispose()
    assert.deepEqual(
      server.requests.map(({ method, path }) => `${method} ${path}`),
      ['GET /browser/policy', 'POST /browser/route', 'POST /browser/analytics'],
    )
    const [report] = server.reports()
    assert.deepEqual([report?.modelId, report?.success, report?.completionTokens], ['tiny', true, 3])
  })

  test('is answered by the server, whole and in pieces', async (t) => {
    const { server, client } = setup(t, { answer: ({ messages }) => `${messages[0]?.content} from afar` })
    const wish = { preference: 'never', maxTokens: 2 } as const
    const { text, tokensUsed, finishReason } = await client.generate('hi', wish)
    assert.deepEqual([text, finishReason], ['hi from', 'length'])
    assert.deepEqual(tokensUsed, { promptTokens: 4, completionTokens: 2, totalTokens: 6 })
    const pieces: string[] = []
    await client.generate('hi', { preference: 'never', onChunk: (piece) => pieces.push(piece) })
    assert.deepEqual(pieces, ['hi', ' from', ' afar'])
    assert.equal(server.bodies<{ stream: boolean }>(CHAT)[1]?.stream, true)
  })

  test('gets tool calls, whole and in pieces', async (t) => {
    const toolCalls = [{ id: 't', type: 'function' as const, function: { name: 'f', arguments: '{}' } }]
    const { client } = setup(t, { answer: { toolCalls } })
    const asked = { messages, tools: [{ type: 'function' as const, function: { name: 'f' } }] }
    const [choice] = (await client.chat.completions.create(asked)).choices
    assert.deepEqual([choice?.finish_reason, choice?.message.tool_calls], ['tool_calls', toolCalls])
    const chunks = await collect(await client.chat.completions.create({ ...asked, stream: true }))
    const calls = chunks.flatMap(({ choices }) => choices[0]?.delta.tool_calls ?? [])
    assert.deepEqual(calls, [{ index: 0, ...toolCalls[0] }])
  })

  test('follows the policies, models and decisions that the test wants', async (t) => {
    const { server, client } = setup(t, {
      models: [testModel({ id: 'mine', sizeBytes: 10 })],
      policies: [{ name: 'complexity', options: { maxPromptLength: 5 } }],
    })
    assert.equal((await client.generate('hi')).model, 'mine')
    const { route } = await client.generate('a longer prompt')
    assert.deepEqual([route.source, route.reason], ['server', 'request_too_complex'])
    server.route = () => JSON.parse('{"target":"none","reason":"acme_says_no","fallback":null}')
    await assert.rejects(client.generate('hi'), { name: 'NoTargetError', reason: 'acme_says_no' })
  })

  test('is refused what makes no sense', async () => {
    const server = new FakeServer()
    const bad = await post(server, '/browser/route', { promptLength: -1 } satisfies Partial<RouteRequest>)
    assert.equal(bad.status, 400)
    assert.equal((await bad.json()).error.param, 'promptLength')
    const noJSON = await server.fetch(server.baseURL + CHAT, { method: 'POST', body: '{' })
    assert.equal(noJSON.status, 400)
    assert.equal((await server.fetch('/elsewhere')).status, 404)
  })
})

describe('a fake server fails', () => {
  test('with a status, so often', async (t) => {
    const { server, client } = setup(t)
    server.faults = [{ does: 'fail', path: CHAT, status: 429, code: 'too_many', retryAfter: 3, times: 1 }]
    const wish = { force: 'server' } as const
    await assert.rejects(client.generate('hi', wish), { status: 429, code: 'too_many', retryAfterMs: 3000 })
    assert.equal((await client.generate('hi', wish)).source, 'server')
  })

  test('to know who asks', async (t) => {
    const { client } = setup(t, { faults: [{ does: 'fail', status: 401 }] })
    await assert.rejects(client.initialize(), { name: 'UnauthorizedError' })
  })

  test('to be there, and the page decides alone', async (t) => {
    const { server, engine, client } = setup(t)
    await client.preload()
    server.faults.push({ does: 'cut' })
    const { source, route } = await client.generate('hi')
    assert.deepEqual([source, route.decidedBy], ['browser', 'page'])
    engine.faults.push({ does: 'fail', at: 0 })
    await assert.rejects(client.generate('hi'))
  })

  test('in the middle of a stream', async (t) => {
    const { client } = setup(t, { faults: [{ does: 'cut', at: 2, path: CHAT }] })
    const stream = await client.chat.completions.create({ messages, stream: true, preference: 'never' })
    await assert.rejects(collect(stream), { name: 'StreamInterruptedError', partialText: 'Hello from' })
  })

  test('by hanging, before and in an answer, and hears an abort', async (t) => {
    const { server, client } = setup(t)
    for (const at of [undefined, 1]) {
      server.faults = [{ does: 'hang', path: CHAT, ...(at !== undefined && { at }) }]
      const stream = client.stream({ messages, force: 'server', signal: AbortSignal.timeout(20) })
      await assert.rejects(collect(stream), { name: 'TimeoutError' })
    }
  })

  test('to decide in time, which is virtual', async (t) => {
    using clock = VirtualClock.install()
    const { server, client } = setup(t)
    await client.preload()
    server.faults = [{ does: 'hang', path: '/browser/route' }]
    const answer = client.generate('hi')
    await clock.advance(5000)
    assert.equal((await answer).route.decidedBy, 'page')
  })
})

describe('a fake server takes', () => {
  test('its time', async () => {
    using clock = VirtualClock.install()
    const server = new FakeServer({ latencyMs: 200, tokenMs: 50 })
    let text = ''
    const reading = async () => {
      const { body } = await post(server, CHAT, { messages, stream: true })
      for await (const bytes of body ?? []) text += new TextDecoder().decode(bytes)
    }
    const read = reading()
    await clock.advance(199)
    assert.equal(text, '')
    await clock.advance(51)
    assert.match(text, /Hello/)
    assert.doesNotMatch(text, / from/)
    await clock.advance(100)
    await read
    assert.match(text, /\[DONE\]\n\n$/)
  })

  test('every report once', async () => {
    const server = new FakeServer()
    const batch = { grant: 'g', reports: [{ id: 'g.1' }, { id: 'g.2' }] }
    const receipts = [await post(server, '/browser/analytics', batch), await post(server, '/browser/analytics', batch)]
    assert.deepEqual(await Promise.all(receipts.map((receipt) => receipt.json())), [
      { accepted: 2, duplicates: 0, dropped: 0 },
      { accepted: 0, duplicates: 2, dropped: 0 },
    ])
  })

  test('prompts in the simple form', async () => {
    const server = new FakeServer()
    const whole = await (await post(server, '/generate', { prompt: 'hi', maxTokens: 2 })).json()
    assert.deepEqual([whole.text, whole.finishReason, whole.source], ['Hello from', 'length', 'server'])
    const stream = await (await post(server, '/generate', { prompt: 'hi', stream: true })).text()
    const events = stream.match(/(?<=data: ).*/g)?.map((data) => JSON.parse(data))
    assert.deepEqual(events?.slice(0, 3), [{ delta: 'Hello' }, { delta: ' from' }, { delta: ' afar' }])
    assert.deepEqual([events?.[3].done, events?.[3].text], [true, 'Hello from afar'])
  })
})
