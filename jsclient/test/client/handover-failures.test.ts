/** Hand-overs that are aborted, that can not be, and those from a server. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { HybridInferenceClient } from '../../src/client/client.ts'
import { isEngineError } from '../../src/errors/engine-error.ts'
import { isInvalidRequestError } from '../../src/errors/invalid-request-error.ts'
import { isNetworkError } from '../../src/errors/network-error.ts'
import { isStreamInterruptedError } from '../../src/errors/stream-interrupted-error.ts'
import type { FakeServerOptions } from '../../src/testing/fake-server.ts'
import { VirtualClock } from '../../src/testing/virtual-clock.ts'
import { ANSWER, ask, assertInterrupted, CHUNKS, EVENTS, type Given, messages, setup, WHOLE } from './handover-setup.ts'
import { settled, until } from './setup.ts'

describe('a wish for the hand-over', () => {
  it('that is misspelt is refused before anything is asked', async () => {
    const { error, asked, engine } = await ask(WHOLE, {}, {}, { handover: 'resume' as 'fail' })
    assert.ok(isInvalidRequestError(error) && error.param === 'handover')
    assert.deepEqual([asked(), engine.requests], [[], []])
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

  it('that breaks off leaves what had come where nobody takes its place', async () => {
    const { client, server } = setup({
      engine: { answer: ANSWER, faults: [] },
      server: { faults: [{ does: 'cut', path: '/chat/completions', at: 2 }] },
      onOffer: () => false,
    })
    const got = await EVENTS.ask(client, { messages, complexity: 'complex' })
    assertInterrupted(got, 'one two')
    const { error } = got
    assert.ok(isStreamInterruptedError(error) && error.resume)
    assert.ok(isEngineError(error.cause) && error.cause.code === 'declined')
    assert.ok(got.events?.every(({ type }) => type !== 'reset'))
    await settled()
    assert.deepEqual(server.reports(), [], 'a no is no failure')
    await client.dispose()
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
