import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { isUnauthorizedError } from '../../src/errors/unauthorized-error.ts'
import type { ChatMessage } from '../../src/wire.ts'
import { collect, LOAD_HANGS, rejection, settled, setup, surfacedErrors, until } from './setup.ts'

const messages: ChatMessage[] = [{ role: 'user', content: 'hi' }]

describe('leaving a stream', () => {
  for (const kind of ['stream', 'chunks'] as const) {
    it(`stops a load at once, ${kind}`, { timeout: 5000 }, async (t) => {
      const { client, engine } = await setup(t, { engine: { faults: [LOAD_HANGS] } })
      const stream =
        kind === 'stream'
          ? client.stream({ messages })
          : await client.chat.completions.create({ messages, stream: true })
      const iterator = stream[Symbol.asyncIterator]()
      const next = iterator.next()
      await until(() => engine.log.length === 1)
      await iterator.return?.()
      assert.equal((await next).done, true)
      assert.deepEqual(engine.log, ['load tiny', 'abort tiny'])
      assert.equal(((await rejection(stream.route)) as Error).name, 'AbortError')
      assert.equal(client.getSnapshot().active, 0)
    })
  }

  it('stops a server that has not begun', { timeout: 5000 }, async (t) => {
    const { client, server } = await setup(t, { server: { hang: true } })
    const stream = client.stream({ messages, preference: 'never' })
    const iterator = stream[Symbol.asyncIterator]()
    const next = iterator.next()
    await until(() => server.bodies('/chat/completions').length === 1)
    await iterator.return?.()
    assert.equal((await next).done, true)
  })

  it('works for a ReadableStream that is cancelled', { timeout: 5000 }, async (t) => {
    const { client, engine } = await setup(t, { engine: { faults: [LOAD_HANGS] } })
    const from = ReadableStream as unknown as { from<T>(items: AsyncIterable<T>): ReadableStream<T> }
    const reader = from.from(client.stream({ messages })).getReader()
    void reader.read()
    await until(() => engine.log.length === 1)
    await reader.cancel()
    assert.deepEqual(engine.log, ['load tiny', 'abort tiny'])
  })

  for (const kind of ['stream', 'chunks'] as const) {
    it(`at its end leaves the server time to write its books, ${kind}`, { timeout: 5000 }, async (t) => {
      const usage = { prompt_tokens: 1, completion_tokens: 1, total_tokens: 2 }
      const choice = { index: 0, delta: { content: 'Hi' }, finish_reason: 'stop' }
      const events = [{ choices: [choice] }, { choices: [], usage }].map((chunk) =>
        JSON.stringify({ id: 'c', ...chunk }),
      )
      const text = [...events, '[DONE]'].map((event) => `data: ${event}\n\n`).join('')
      let writing: ReadableStreamDefaultController<Uint8Array> | undefined
      let hasLeft = false
      const fake: typeof fetch = async (url, init) => {
        if (!String(url).endsWith('/chat/completions')) return fetch(url, init)
        init?.signal?.addEventListener('abort', () => {
          hasLeft = true
        })
        const body = new ReadableStream<Uint8Array>({
          start(controller) {
            writing = controller
            controller.enqueue(new TextEncoder().encode(text))
          },
          cancel() {
            hasLeft = true
          },
        })
        return new Response(body, { headers: { 'content-type': 'text/event-stream' } })
      }
      const { client } = await setup(t, { client: { fetch: fake } })
      const routing = { messages, preference: 'never' } as const
      if (kind === 'stream') {
        for await (const { type } of client.stream(routing)) if (type === 'done') break
      } else {
        const request = { ...routing, stream: true, stream_options: { include_usage: true } } as const
        for await (const chunk of await client.chat.completions.create(request)) if (chunk.usage) break
      }
      await settled()
      assert.equal(hasLeft, false)
      writing?.close()
    })
  }

  it('before it began does nothing, and a stream ends but once', async (t) => {
    const { client, server } = await setup(t)
    const stream = client.stream({ messages })
    await stream[Symbol.asyncIterator]().return?.()
    assert.equal(((await rejection(stream.route)) as Error).name, 'AbortError')
    assert.deepEqual(await collect(stream), [])
    assert.equal(server.seen.length, 0)
  })
})

describe('what is shown', () => {
  it('is that nothing runs, when a stream was decided and not begun', async (t) => {
    const { client } = await setup(t)
    const stream = await client.chat.completions.create({ messages, stream: true })
    assert.equal(client.getSnapshot().phase, 'ready')
    await collect(stream)
    assert.equal(client.getSnapshot().phase, 'ready')
  })

  it('is idle when initialize fails', async (t) => {
    const { client } = await setup(t, { server: { policyStatus: 401 } })
    assert.ok(isUnauthorizedError(await rejection(client.initialize())))
    assert.deepEqual(client.getSnapshot(), { phase: 'idle', active: 0 })
  })

  it('may be shown by a UI that is broken', async (t) => {
    const { client } = await setup(t)
    const surfaced = surfacedErrors(t)
    const mistake = new Error('a mistake of the UI')
    let seen = 0
    const stop = client.subscribe(() => {
      throw mistake
    })
    client.subscribe(() => seen++)
    assert.equal((await client.generate('hi')).source, 'browser')
    stop()
    assert.ok(surfaced.length > 0 && surfaced.every((error) => error === mistake))
    assert.ok(seen >= surfaced.length)
  })
})

describe('usage of a stream', () => {
  const usage = { prompt_tokens: 5, completion_tokens: 1, total_tokens: 6, prompt_tokens_details: { cached_tokens: 4 } }
  const head = { id: 'c', object: 'chat.completion.chunk', created: 1, model: 'm', system_fingerprint: 'fp' }
  const text = { ...head, choices: [{ index: 0, delta: { content: 'Hi' }, finish_reason: null }], usage: null }
  const end = { ...head, choices: [{ index: 0, finish_reason: 'stop' }] }
  const own = { ...head, choices: [], usage }

  for (const [name, lines] of [
    ['after the choices', [text, end, own]],
    ['on a choice too', [text, { ...end, usage }, own]],
    ['on a choice alone', [text, { ...end, usage }]],
  ] as const) {
    it(`is the server's own, ${name}, for those who ask`, async (t) => {
      const body = [...lines.map((line) => JSON.stringify(line)), '[DONE]'].map((line) => `data: ${line}\n\n`).join('')
      const fake: typeof fetch = async (url, init) =>
        String(url).endsWith('/chat/completions')
          ? new Response(body, { headers: { 'content-type': 'text/event-stream' } })
          : fetch(url, init)
      const { client } = await setup(t, { client: { fetch: fake } })
      for (const include_usage of [true, false]) {
        const request = { messages, stream: true, stream_options: { include_usage }, preference: 'never' } as const
        const stream = await client.chat.completions.create({ ...request, messages })
        const chunks = await collect(stream)
        assert.deepEqual(chunks.splice(2), include_usage ? [own] : [])
        assert.ok(chunks.every((chunk) => !('usage' in chunk) && chunk.choices.every(({ delta }) => delta)))
        assert.equal((await stream.route).promptTokens, 5)
      }
    })
  }
})
