/** The contract of a continued answer, clause by clause. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { Answer } from '../../src/client/answer.ts'
import { HybridInferenceClient } from '../../src/client/client.ts'
import { isContinuable } from '../../src/client/continuation.ts'
import type { ChatRequest } from '../../src/client/options.ts'
import { prepare } from '../../src/client/prepare.ts'
import { isEngineError } from '../../src/errors/engine-error.ts'
import { isStreamInterruptedError } from '../../src/errors/stream-interrupted-error.ts'
import { FakeEngine, type FakeEngineOptions } from '../../src/testing/fake-engine.ts'
import type { FakeServerOptions } from '../../src/testing/fake-server.ts'
import { testModel } from '../../src/testing/model.ts'
import type { ChatMessage } from '../../src/wire.ts'
import {
  ANSWER,
  ask,
  assertInterrupted,
  CHUNKS,
  EVENTS,
  type Given,
  messages,
  NATIVE,
  setup,
  WHOLE,
} from './handover-setup.ts'
import { read } from './handover-ways.ts'
import { until } from './setup.ts'

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
