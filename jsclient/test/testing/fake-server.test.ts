import assert from 'node:assert/strict'
import { describe, type TestContext, test } from 'node:test'
import { HybridInferenceClient } from '../../src/client/client.ts'
import type { HybridInferenceClientOptions } from '../../src/client/options.ts'
import type { ServerError } from '../../src/errors/server-error.ts'
import { FakeEngine } from '../../src/testing/fake-engine.ts'
import { FakeServer, type FakeServerOptions } from '../../src/testing/fake-server.ts'
import { testModel } from '../../src/testing/model.ts'
import { testSnapshot } from '../../src/testing/snapshot.ts'
import { VirtualClock } from '../../src/testing/virtual-clock.ts'
import { ServerTransport } from '../../src/transport/server.ts'
import type { ChatMessage, RouteRequest } from '../../src/wire.ts'
import { collect, until } from '../client/setup.ts'

const messages: ChatMessage[] = [{ role: 'user', content: 'hi' }]
const CHAT = '/chat/completions'
const JSON_TYPE = { 'content-type': 'application/json' }

function setup(t: TestContext, options: FakeServerOptions = {}, more: Partial<HybridInferenceClientOptions> = {}) {
  const server = new FakeServer(options)
  const engine = new FakeEngine()
  const { baseURL, fetch } = server
  const client = new HybridInferenceClient({ baseURL, fetch, engines: [engine], ...more })
  t.after(() => client.dispose())
  return { server, engine, client }
}

const post = ({ fetch, baseURL }: FakeServer, path: string, body: unknown) =>
  fetch(baseURL + path, { method: 'POST', headers: JSON_TYPE, body: JSON.stringify(body) })

describe('a client before a fake server', () => {
  test('is told to answer itself, does, and reports', async (t) => {
    const { server, client } = setup(t, { policies: [...testSnapshot().policies, { name: 'acme.x', opaque: true }] })
    const { text, source, route } = await client.generate('hi')
    assert.deepEqual([text, source, route.reason], ['Hello from here', 'browser', 'optimal_for_browser'])
    assert.deepEqual([route.decidedBy, route.decisionId], ['server', 'd1'])
    await client.dispose()
    await until(() => server.reports().length > 0)
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
      route: () => ({}),
    })
    assert.equal((await client.generate('hi')).model, 'mine')
    const { route } = await client.generate('a longer prompt')
    assert.deepEqual([route.source, route.reason], ['server', 'request_too_complex'])
    server.route = () => JSON.parse('{"target":"none","reason":"acme_says_no","fallback":null}')
    await assert.rejects(client.generate('hi'), { name: 'NoTargetError', reason: 'acme_says_no' })
  })

  test('transfers a snapshot again only when it changed', async (t) => {
    const { server } = setup(t)
    const transport = new ServerTransport(server)
    const first = await transport.policy()
    assert.ok(first.modified && first.etag)
    assert.equal((await transport.policy({ etag: first.etag })).modified, false)
    server.snapshot = testSnapshot({ revision: 'r2' })
    assert.equal((await transport.policy({ etag: first.etag })).modified, true)
    assert.deepEqual(await transport.models(), await transport.models())
  })

  test('is refused what makes no sense', async () => {
    const server = new FakeServer()
    const bad = await post(server, '/browser/route', { promptLength: -1 } satisfies Partial<RouteRequest>)
    assert.equal(bad.status, 400)
    assert.equal((await bad.json()).error.param, 'promptLength')
    const noJSON = await server.fetch(server.baseURL + CHAT, { method: 'POST', headers: JSON_TYPE, body: '{' })
    assert.equal(noJSON.status, 400)
    assert.equal((await server.fetch('/elsewhere')).status, 404)
  })

  for (const [path, body, status, code, param] of [
    [CHAT, {}, 400, 'missing_field', 'messages'],
    [CHAT, [], 400, 'invalid_type', null],
    [CHAT, { messages: [] }, 400, 'invalid_value', 'messages'],
    [CHAT, { messages: [{ role: 'user', content: 5 }] }, 400, 'invalid_type', 'messages'],
    [CHAT, { messages, max_tokens: 0 }, 400, 'invalid_value', 'max_tokens'],
    [CHAT, { messages, stop: 5 }, 400, 'invalid_type', 'stop'],
    [CHAT, { messages, model: 'unknown' }, 404, 'model_not_found', 'model'],
    [CHAT, { messages, privacy: 'local-only' }, 403, 'local_only', null],
    ['/generate', { prompt: '' }, 400, 'invalid_value', 'prompt'],
    ['/generate', { prompt: 'hi', privacy: 'secret' }, 400, 'invalid_value', 'privacy'],
    ['/browser/route', { promptLength: null }, 400, 'missing_field', 'promptLength'],
    ['/browser/route', { promptLength: 1.5 }, 400, 'invalid_type', 'promptLength'],
    ['/browser/route', { promptLength: 1, state: { models: { a: 1 } } }, 400, 'invalid_type', 'state.models.a'],
    ['/browser/analytics', {}, 401, 'unauthorized', 'grant'],
    ['/browser/analytics', { grant: 'g', reports: [{}] }, 400, 'invalid_value', 'reports[0].id'],
  ] as const) {
    test(`is refused ${path} ${JSON.stringify(body)}`, async () => {
      const answer = await post(new FakeServer(), path, body)
      const { error } = await answer.json()
      assert.deepEqual([answer.status, error.code, error.param], [status, code, param])
    })
  }

  test('gets what it may ask for, null too', async () => {
    const server = new FakeServer({ serves: ['mine', 'other'] })
    const asked = {
      messages: [{ role: 'user', content: null }],
      stop: null,
      max_tokens: null,
      model: null,
      privacy: '',
    }
    assert.equal((await (await post(server, CHAT, asked)).json()).model, 'mine')
    assert.equal((await (await post(server, CHAT, { ...asked, model: 'other' })).json()).model, 'other')
  })

  for (const [answer, stop, text, finish, tokens] of [
    ['one two three', ' two', 'one', 'stop', 2],
    ['one two three', ['never', 'three'], 'one two ', 'stop', 3],
    ['one two', ' twofold', 'one two', 'stop', 2],
  ] as const) {
    test(`is answered until ${JSON.stringify(stop)}`, async () => {
      const server = new FakeServer({ answer })
      const whole = await (await post(server, CHAT, { messages, stop })).json()
      const [{ message, finish_reason }] = whole.choices
      assert.deepEqual([message.content, finish_reason, whole.usage.completion_tokens], [text, finish, tokens])
      const stream = await (await post(server, CHAT, { messages, stop, stream: true })).text()
      const deltas = stream.match(/(?<=data: )\{.*/g)?.map((data) => JSON.parse(data).choices[0].delta.content ?? '')
      assert.equal(deltas?.join(''), text)
    })
  }
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

describe('a mistake of the test', () => {
  const mistake = new ReferenceError('my typo')
  const fail = () => {
    throw mistake
  }
  /** What became visible of a mistake, in place of an uncaught error. */
  const surfaced = (t: TestContext): unknown[] => {
    const errors: unknown[] = []
    Object.assign(globalThis, { reportError: (error: unknown) => errors.push(error) })
    t.after(() => Reflect.deleteProperty(globalThis, 'reportError'))
    return errors
  }

  for (const [name, options] of [
    ['answer', { answer: fail }],
    ['route', { route: fail }],
  ] as const) {
    test(`in its ${name} is told, and no lost network`, async (t) => {
      const errors = surfaced(t)
      const server = new FakeServer(options)
      const [path, body] = name === 'answer' ? [CHAT, { messages }] : ['/browser/route', { promptLength: 1 }]
      const answer = await post(server, path, body)
      const { error } = await answer.json()
      assert.deepEqual([answer.status, error.code, errors], [500, 'fake_server_mistake', [mistake]])
      assert.match(error.message, /my typo/)
    })
  }

  test('is told in a stream that has begun', async (t) => {
    const errors = surfaced(t)
    const toolCalls = JSON.parse('5')
    const { client } = setup(t, { answer: { text: 'Hello', toolCalls } })
    const stream = await client.chat.completions.create({ messages, stream: true, preference: 'never' })
    await assert.rejects(collect(stream), ({ name, cause }: Error) => {
      assert.deepEqual([name, (cause as ServerError).code], ['StreamInterruptedError', 'fake_server_mistake'])
      return true
    })
    assert.equal(errors.length, 1)
  })

  test('comes to the client as a failure of the server', async (t) => {
    const errors = surfaced(t)
    const { client } = setup(t, { answer: fail })
    await assert.rejects(client.generate('hi', { force: 'server' }), { name: 'ServerError', status: 500 })
    assert.deepEqual(errors, [mistake])
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

  test('a report that comes alone, in text as beacons send it', async () => {
    const server = new FakeServer()
    const send = (body: string) => server.fetch(`${server.baseURL}/browser/analytics`, { method: 'POST', body })
    assert.deepEqual(await (await send('{"grant":"g","id":"g.1"}')).json(), { accepted: 1, duplicates: 0, dropped: 0 })
    assert.equal((await send('no JSON')).status, 400)
    assert.deepEqual(server.reports(), [{ id: 'g.1' }])
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
