/** The contract of a continued answer, clause by clause. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { Answer } from '../../src/client/answer.ts'
import { HybridInferenceClient } from '../../src/client/client.ts'
import { isContinuable } from '../../src/client/continuation.ts'
import type { ChatRequest, RoutingOptions } from '../../src/client/options.ts'
import { prepare } from '../../src/client/prepare.ts'
import { isEngineError } from '../../src/errors/engine-error.ts'
import { isInvalidRequestError } from '../../src/errors/invalid-request-error.ts'
import { isNetworkError } from '../../src/errors/network-error.ts'
import { isStreamInterruptedError } from '../../src/errors/stream-interrupted-error.ts'
import { FakeEngine, type FakeEngineOptions } from '../../src/testing/fake-engine.ts'
import { FakeServer, type FakeServerOptions } from '../../src/testing/fake-server.ts'
import { testModel } from '../../src/testing/model.ts'
import { VirtualClock } from '../../src/testing/virtual-clock.ts'
import type { ChatCompletionRequest, ChatMessage } from '../../src/wire.ts'
import { type Got, read, WAYS, type Way } from './handover-ways.ts'
import { rejection, settled, until } from './setup.ts'

const messages: ChatMessage[] = [{ role: 'user', content: 'hi' }]
const ANSWER = 'one two three four five six'
const NATIVE = { rolloutBucket: 0, server: { continuation: 'native' } } as const
const [CHUNKS, WHOLE, EVENTS] = WAYS as [Way, Way, Way]

interface Given {
  engine?: FakeEngineOptions
  server?: FakeServerOptions
  stallMs?: number
}

function setup({ engine: engineOptions, server: serverOptions, stallMs }: Given = {}) {
  const engine = new FakeEngine({ answer: ANSWER, faults: [{ does: 'die', at: 3, times: 1 }], ...engineOptions })
  const server = new FakeServer({ answer: ANSWER, snapshot: { subject: NATIVE }, ...serverOptions })
  const { baseURL, fetch } = server
  const detector = { detect: async () => ({}), detectState: async () => ({}) }
  const client = new HybridInferenceClient({ baseURL, fetch, engines: [engine], detector, storage: false, stallMs })
  const asked = () => server.bodies<ChatCompletionRequest>('/chat/completions')
  return { engine, server, client, asked }
}

async function ask(way: Way, given: Given, request: Partial<ChatRequest> = {}, options?: RoutingOptions) {
  const { client, ...rest } = setup(given)
  await client.initialize()
  const got = await way.ask(client, { messages, ...request }, options)
  await client.dispose()
  return { ...got, ...rest }
}

/** Fails with what had come. */
function assertInterrupted({ error, text }: Got, partialText: string): void {
  assert.ok(isStreamInterruptedError(error), String(error))
  assert.deepEqual([error.partialText, text], [partialText, partialText])
}

describe('what is not gone on with', () => {
  const engine: FakeEngineOptions = { supports: { jsonSchema: true }, answer: ANSWER, faults: [{ does: 'die', at: 3 }] }
  const server: FakeServerOptions = {
    models: [testModel({ supports: { jsonSchema: true } })],
    answer: ANSWER,
    snapshot: { subject: NATIVE },
  }
  const cases: [name: string, request: Partial<ChatRequest>, given: Given][] = [
    ['a wish for JSON', { response_format: { type: 'json_object' } }, { engine, server }],
  ]
  for (const [name, request, given] of cases) {
    it(`${name}: chunks fail, events begin again`, async () => {
      const chunks = await ask(CHUNKS, given, request)
      assertInterrupted(chunks, 'one two three')
      assert.equal(chunks.asked().length, 0)
      const events = await ask(EVENTS, given, request)
      assert.equal(events.text, ANSWER)
      assert.deepEqual(
        events.events?.filter(({ type }) => type !== 'delta').map(({ type }) => type),
        ['handover', 'reset', 'done'],
      )
      assert.equal(events.asked()[0]?.continue_final_message, undefined)
    })
  }
})

describe('nobody can go on', () => {
  const add = (delta: object, more: object = {}): Answer => {
    const answer = new Answer()
    const choices = [{ index: 0, delta, finish_reason: null, ...more }]
    const chunk = { id: 'c', object: 'chat.completion.chunk', created: 1, model: 'm', choices } as const
    answer.add({ type: 'delta', text: 'a', tokens: 1, chunk }, 'browser')
    return answer
  }
  const plain = prepare({ messages })
  const begun: [string, Answer][] = [
    ['a tool call', add({ tool_calls: [{ index: 0, id: 'x' }] })],
    ['reasoning', add({ reasoning_content: 'hm' })],
    ['a refusal', add({ refusal: 'no' })],
    ['a second choice', add({ content: 'a' }, { index: 1 })],
    ['log probabilities', add({ content: 'a' }, { logprobs: { content: [], refusal: null } })],
    ['its end', add({}, { finish_reason: 'stop' })],
  ]
  for (const [what, answer] of begun) it(`with ${what} begun`, () => assert.equal(isContinuable(plain, answer), false))

  const asked: [string, Partial<ChatRequest>][] = [
    ['JSON', { response_format: { type: 'json_object' } }],
    ['log probabilities', { logprobs: true }],
    ['two choices', { n: 2 }],
  ]
  for (const [what, request] of asked) {
    it(`where ${what} was asked for`, () => {
      assert.equal(isContinuable(prepare({ messages, ...request }), add({ content: 'a' })), false)
    })
  }

  it('but with plain text, and tools that were not called', () => {
    const tools = [{ type: 'function', function: { name: 'f' } }] as const
    assert.equal(isContinuable(plain, add({ role: 'assistant', content: 'a' })), true)
    assert.equal(isContinuable(prepare({ messages, tools: [...tools] }), add({ content: 'a', tool_calls: [] })), true)
  })
})

describe('a continued answer', () => {
  it('goes on with what the caller itself had begun', async () => {
    const begun: ChatMessage[] = [...messages, { role: 'assistant', content: 'one two' }]
    const request = { messages: begun, continue_final_message: true, add_generation_prompt: false }
    const engine: FakeEngineOptions = {
      supports: { continuation: true },
      answer: ANSWER,
      faults: [{ does: 'die', at: 2 }],
    }
    const { text, asked, error } = await ask(CHUNKS, { engine }, request)
    assert.equal(error, undefined)
    assert.equal(text, ' three four five six')
    assert.deepEqual(asked()[0]?.messages, [...messages, { role: 'assistant', content: 'one two three four' }])
  })

  it('has the limit under the name that the caller used', async () => {
    const { asked, finishReasons } = await ask(CHUNKS, {}, { max_completion_tokens: 5 })
    const [body] = asked()
    assert.deepEqual([body?.max_completion_tokens, body?.max_tokens, finishReasons], [2, undefined, ['length']])
  })

  it('says in its record who made what, and what was sent', async () => {
    const { route } = await ask(EVENTS, {})
    assert.deepEqual(
      route?.attempts.map(({ ms: _, ...attempt }) => attempt),
      [
        { target: 'browser', model: 'tiny', outcome: 'failed', errorCode: 'lost', completionTokens: 3 },
        {
          target: 'server',
          model: 'server-model',
          outcome: 'ok',
          continued: true,
          promptTokens: 7,
          completionTokens: 3,
        },
      ],
    )
    assert.deepEqual([route?.source, route?.promptTokens, route?.completionTokens], ['server', 7, 6])
    assert.equal(route?.promptBytesSent, 'hi'.length + 'one two three'.length)
  })

  it('is reported once, with what it made, and what it had been asked for', async () => {
    const { client, server } = setup()
    await EVENTS.ask(client, { messages })
    await until(() => server.reports().length > 0)
    const [report, ...more] = server.reports()
    assert.deepEqual(more, [])
    assert.deepEqual(
      [report?.success, report?.errorCode, report?.completionTokens, report?.fallback],
      [false, 'lost', 3, true],
    )
    await client.dispose()
  })

  it('tells of the hand-over, and who said what', async () => {
    const { events = [] } = await ask(EVENTS, {})
    const handover = events.find((event) => event.type === 'handover')
    assert.ok(handover && isEngineError(handover.error))
    assert.deepEqual([handover.from, handover.to, handover.continues], ['browser', 'server', true])
    const sources = events.flatMap((event) => (event.type === 'delta' ? [event.source] : []))
    assert.deepEqual(sources, ['browser', 'browser', 'browser', 'server', 'server', 'server'])
  })

  it('that the server breaks off as well is an error with all that had come', async () => {
    const server: FakeServerOptions = { faults: [{ does: 'cut', path: '/chat/completions', at: 2 }] }
    const { error, text } = await ask(CHUNKS, { server })
    assert.ok(isStreamInterruptedError(error))
    assert.equal(error.partialText, 'one two three four five')
    assert.equal(text, error.partialText)
    assert.deepEqual(
      error.attempts.map(({ target }) => target),
      ['browser', 'server'],
    )
  })

  it('goes to nobody who is not permitted', async () => {
    for (const [way, options] of [CHUNKS, WHOLE, EVENTS].flatMap(
      (way) =>
        [
          [way, { privacy: 'local-only' }],
          [way, { force: 'browser' }],
        ] as const,
    )) {
      const { error, asked } = await ask(way, {}, {}, options)
      assert.ok(isStreamInterruptedError(error), way.name)
      assert.equal(error.partialText, 'one two three')
      assert.equal(asked().length, 0)
    }
  })
})

describe('a wish for the hand-over', () => {
  it('that is misspelt is refused before anything is asked', async () => {
    const { error, asked, engine } = await ask(WHOLE, {}, {}, { handover: 'resume' as 'fail' })
    assert.ok(isInvalidRequestError(error) && error.param === 'handover')
    assert.deepEqual([asked(), engine.requests], [[], []])
  })
})

describe('a continued answer that is out of the ordinary', () => {
  it('is whole also where nobody tells of usage', async () => {
    const { client, server } = setup()
    const bare = server.fetch
    const { baseURL } = server
    const silent = new HybridInferenceClient({
      baseURL,
      fetch: async (...args) => {
        const response = await bare(...args)
        if (!response.headers.get('content-type')?.includes('json') || !String(args[0]).includes('/chat/'))
          return response
        const { usage: _, ...body } = (await response.json()) as { usage?: object }
        return Response.json(body)
      },
      engines: [new FakeEngine({ answer: ANSWER, faults: [{ does: 'die', at: 3 }] })],
      detector: { detect: async () => ({}), detectState: async () => ({}) },
      storage: false,
    })
    const { text, error, finishReasons } = await WHOLE.ask(silent, { messages, handover: 'continue' })
    assert.deepEqual([text, error, finishReasons], [ANSWER, undefined, ['stop']])
    await Promise.all([silent.dispose(), client.dispose()])
  })

  it('finds no stop in what the caller itself had begun', async () => {
    const begun: ChatMessage[] = [...messages, { role: 'assistant', content: 'A.\nB: one two' }]
    const request = { messages: begun, continue_final_message: true, add_generation_prompt: false, stop: '\n' }
    const answer = 'A.\nB: one two three four five six'
    const engine: FakeEngineOptions = { supports: { continuation: true }, answer, faults: [{ does: 'die', at: 2 }] }
    const { text, error } = await ask(CHUNKS, { engine, server: { answer, snapshot: { subject: NATIVE } } }, request)
    assert.deepEqual([text, error], [' three four five six', undefined])
  })

  it('begins again, or fails, where the limit cut a repetition short', async () => {
    const server: FakeServerOptions = {
      answer: ANSWER,
      snapshot: { subject: NATIVE },
      faults: [{ does: 'echo', times: 1 }],
    }
    for (const max_tokens of [5, 6]) {
      const given: Given = { engine: { answer: ANSWER, faults: [{ does: 'die', at: 4 }] }, server }
      assertInterrupted(await ask(CHUNKS, given, { max_tokens }), 'one two three four')
      const { text, finishReasons } = await ask(EVENTS, given, { max_tokens })
      assert.deepEqual(
        [text, finishReasons],
        [ANSWER.split(' ').slice(0, max_tokens).join(' '), [max_tokens < 6 ? 'length' : 'stop']],
      )
    }
  })

  it('that the server refuses begins again there, where that can be expressed', async () => {
    for (const status of [400, 404, 422]) {
      const server: FakeServerOptions = {
        answer: ANSWER,
        snapshot: { subject: NATIVE },
        faults: [{ does: 'fail', status, path: '/chat/completions', times: 1 }],
      }
      assertInterrupted(await ask(CHUNKS, { server }), 'one two three')
      const { text, events, asked } = await ask(EVENTS, { server })
      assert.equal(text, ANSWER)
      assert.deepEqual(
        events?.filter(({ type }) => type !== 'delta').map(({ type }) => type),
        ['handover', 'reset', 'done'],
      )
      assert.deepEqual(
        asked().map((body) => body.continue_final_message),
        [true, undefined],
      )
    }
  })

  it('has one limit, under the name that counts', async () => {
    const { asked } = await ask(CHUNKS, {}, { max_completion_tokens: 5, max_tokens: 4 })
    assert.deepEqual([asked()[0]?.max_completion_tokens, asked()[0]?.max_tokens], [2, undefined])
  })

  it('never cuts a character in two', async () => {
    const engine: FakeEngineOptions = { answer: ['a', '\ud83d', '\ude42'], faults: [{ does: 'die', at: 2 }] }
    assertInterrupted(await ask(CHUNKS, { engine }), 'a\ud83d')
  })

  it('keeps an exact count over what somebody did not count', async () => {
    const engine: FakeEngineOptions = { answer: ANSWER, faults: [{ does: 'die', at: 3 }] }
    const server: FakeServerOptions = {
      answer: ANSWER,
      snapshot: { subject: NATIVE },
      faults: [{ does: 'cut', path: '/chat/completions', at: 1, times: 1 }],
    }
    const { client, asked } = setup({ engine, server })
    const { error } = await CHUNKS.ask(client, { messages, max_tokens: 5 })
    assert.ok(isStreamInterruptedError(error) && error.resume)
    client.setMode('never')
    await read(error.resume())
    assert.deepEqual(
      asked().map(({ max_tokens }) => max_tokens),
      [2, 1],
    )
    await client.dispose()
  })
})

describe('an abort in the middle of a hand-over', () => {
  for (const way of [CHUNKS, WHOLE, EVENTS]) {
    it(`ends both: ${way.name}`, async () => {
      const server: FakeServerOptions = { faults: [{ does: 'hang', path: '/chat/completions' }] }
      const { client, engine, asked } = setup({ server })
      const controller = new AbortController()
      const answer = way.ask(client, { messages, signal: controller.signal })
      await until(() => asked().length === 1)
      const reason = new Error('enough')
      controller.abort(reason)
      assert.equal((await answer).error, reason)
      assert.equal(engine.log.filter((line) => line === 'stop tiny').length, 1)
      assert.equal(client.getSnapshot().active, 0)
      await settled()
      assert.equal(asked().length, 1)
      await client.dispose()
    })
  }
})

describe('a server', () => {
  it('that breaks off before any text is replaced in silence by the engine', async () => {
    const faults: FakeServerOptions['faults'] = [{ does: 'cut', path: '/chat/completions' }]
    const given: Given = { engine: { answer: ANSWER, faults: [] }, server: { faults: [...faults] } }
    const { text, error, chunks } = await ask(CHUNKS, given, {}, { preference: 'never', complexity: 'complex' })
    // "never" forbids the browser: nobody else is permitted.
    assert.ok(isNetworkError(error), String(error))
    assert.equal(text, '')
    const auto = await ask(CHUNKS, given, {}, { complexity: 'complex' })
    assert.deepEqual([auto.error, auto.text, auto.finishReasons], [undefined, ANSWER, ['stop']])
    assert.equal(chunks?.length, 0)
  })

  it('that breaks off later is an error where it can not begin again, and begins again where it can', async () => {
    const given: Given = {
      engine: { answer: ANSWER, faults: [], supports: { continuation: true } },
      server: { faults: [{ does: 'cut', path: '/chat/completions', at: 2 }] },
    }
    assertInterrupted(await ask(CHUNKS, given, {}, { complexity: 'complex' }), 'one two')
    const { text, events } = await ask(EVENTS, given, {}, { complexity: 'complex' })
    assert.equal(text, ANSWER)
    assert.ok(events?.some(({ type }) => type === 'reset'))
  })

  it('that breaks off behind its last word has answered', async () => {
    const given: Given = { server: { answer: 'a b', faults: [{ does: 'cut', path: '/chat/completions', at: 2 }] } }
    const { client } = setup(given)
    const got = await CHUNKS.ask(client, { messages, preference: 'never' })
    assert.ok(got.finishReasons.length === 1 || isStreamInterruptedError(got.error))
    await client.dispose()
  })

  it('that falls silent behind its last word has answered', async () => {
    using clock = VirtualClock.install()
    const { client, server } = setup({ stallMs: 1000 })
    const bare = server.fetch
    const silent = new HybridInferenceClient({
      baseURL: server.baseURL,
      stallMs: 1000,
      storage: false,
      detector: { detect: async () => ({}), detectState: async () => ({}) },
      async fetch(input, init) {
        if (!String(input).includes('/chat/')) return bare(input, init)
        const text = await (await bare(input, init)).text()
        const lines = text.split(/(?<=\n\n)/).filter((line) => !line.includes('[DONE]') && !line.includes('"usage":{'))
        const encoder = new TextEncoder()
        // It is never closed.
        const body = new ReadableStream<Uint8Array>({
          start: (controller) => lines.forEach((line) => void controller.enqueue(encoder.encode(line))),
        })
        return new Response(body, { headers: { 'content-type': 'text/event-stream' } })
      },
    })
    const { text, error, finishReasons } = await clock.until(CHUNKS.ask(silent, { messages }))
    assert.deepEqual([text, error, finishReasons], [ANSWER, undefined, ['stop']])
    await clock.until(Promise.all([silent.dispose(), client.dispose()]))
  })

  it('that falls silent counts as broken off', async () => {
    using clock = VirtualClock.install()
    const { client } = setup({
      engine: { answer: ANSWER, faults: [] },
      server: { faults: [{ does: 'hang', path: '/chat/completions', at: 2 }] },
      stallMs: 1000,
    })
    const { text, events } = await clock.until(EVENTS.ask(client, { messages, complexity: 'complex' }))
    assert.equal(text, ANSWER)
    const handover = events?.find((event) => event.type === 'handover')
    assert.ok(handover && isNetworkError(handover.error) && handover.from === 'server')
    await clock.until(client.dispose())
  })
})

describe('resume', () => {
  it('goes on behind the text where the server can, as often as is wanted', async () => {
    const { client, asked } = setup()
    const { error } = await CHUNKS.ask(client, { messages, handover: 'fail' })
    assert.ok(isStreamInterruptedError(error) && error.resume)
    assert.equal(asked().length, 0)
    for (const preference of ['never', 'never']) {
      client.setMode(preference as 'never')
      const got = await read(error.resume(), error.partialText)
      assert.deepEqual([got.error, got.text, got.finishReasons], [undefined, ANSWER, ['stop']])
      assert.ok(got.events?.every(({ type }) => type !== 'reset'))
      assert.deepEqual(
        got.route?.attempts.map(({ target, outcome }) => `${target} ${outcome}`),
        ['browser failed', 'server ok'],
      )
      assert.equal(got.route?.completionTokens, 6)
    }
    await client.dispose()
  })

  it('goes on at the engine, if it can', async () => {
    for (const continuation of [true, false]) {
      const { client } = setup({
        engine: { answer: ANSWER, faults: [], supports: { continuation } },
        server: { faults: [{ does: 'cut', path: '/chat/completions', at: 2 }] },
      })
      const { error } = await CHUNKS.ask(client, { messages, complexity: 'complex' })
      assert.ok(isStreamInterruptedError(error) && error.resume)
      client.setMode('always')
      const got = await read(error.resume(), error.partialText)
      assert.deepEqual([got.error, got.text], [undefined, ANSWER])
      assert.equal(
        got.events?.some(({ type }) => type === 'reset'),
        !continuation,
      )
      assert.equal(got.route?.source, 'browser')
      await client.dispose()
    }
  })

  it('of an answer that has all its tokens asks nobody', async () => {
    const { client, asked } = setup()
    const { error } = await CHUNKS.ask(client, { messages, handover: 'fail', max_tokens: 3 })
    assert.ok(isStreamInterruptedError(error) && error.resume)
    client.setMode('never')
    const got = await read(error.resume(), error.partialText)
    assert.deepEqual(
      [got.error, got.text, got.finishReasons, asked().length],
      [undefined, 'one two three', ['length'], 0],
    )
    await client.dispose()
  })

  it('begins again where nobody can go on, with the whole answer', async () => {
    const { client } = setup({ server: { snapshot: {} } })
    const { error } = await CHUNKS.ask(client, { messages })
    assert.ok(isStreamInterruptedError(error) && error.resume)
    client.setMode('never')
    const got = await read(error.resume(), error.partialText)
    assert.deepEqual([got.error, got.text], [undefined, ANSWER])
    assert.equal(got.events?.[0]?.type, 'reset')
    await client.dispose()
  })

  it('is aborted by its own signal, by leaving it, and by the end of the client', async () => {
    const { client, asked } = setup({ server: { faults: [{ does: 'hang', path: '/chat/completions' }] } })
    const { error } = await CHUNKS.ask(client, { messages, handover: 'fail' })
    assert.ok(isStreamInterruptedError(error) && error.resume)
    client.setMode('never')
    const controller = new AbortController()
    const reading = read(error.resume({ signal: controller.signal }))
    await until(() => asked().length === 1)
    controller.abort(new Error('enough'))
    assert.equal((await reading).error, controller.signal.reason)
    const left = error.resume()[Symbol.asyncIterator]()
    const next = left.next()
    await until(() => asked().length === 2)
    await left.return?.()
    assert.equal((await next).done, true)
    const last = error.resume()[Symbol.asyncIterator]().next()
    await until(() => asked().length === 3)
    void client.dispose()
    assert.equal(((await rejection(last)) as Error).name, 'AbortError')
  })

  it('fails as the first call did when it breaks off again, with more text', async () => {
    const { client } = setup({ server: { faults: [{ does: 'cut', path: '/chat/completions', at: 1, times: 1 }] } })
    const { error } = await CHUNKS.ask(client, { messages, handover: 'fail' })
    assert.ok(isStreamInterruptedError(error) && error.resume)
    client.setMode('never')
    const { error: again } = await read(error.resume())
    assert.ok(isStreamInterruptedError(again) && again.resume, String(again))
    assert.equal(again.partialText, 'one two three four')
    const { text } = await read(again.resume(), again.partialText)
    assert.equal(text, ANSWER)
    await client.dispose()
  })
})
