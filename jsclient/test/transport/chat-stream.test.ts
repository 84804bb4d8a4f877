import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { ServerError } from '../../src/errors/server-error.ts'
import { StreamInterruptedError } from '../../src/errors/stream-interrupted-error.ts'
import { ServerTransport } from '../../src/transport/server.ts'
import type { ChatCompletionRequest } from '../../src/wire.ts'
import { chunk, loopback, rejection, sendError, sendEvents, sendJSON } from './loopback.ts'

const request: ChatCompletionRequest = { model: 'auto', messages: [{ role: 'user', content: 'hi' }] }

/** The text that a stream gives before it ends or throws. */
async function collect(stream: AsyncIterable<{ choices: { delta: { content?: string | null } }[] }>) {
  let text = ''
  try {
    for await (const { choices } of stream) text += choices[0]?.delta.content ?? ''
    return { text }
  } catch (error) {
    return { text, error }
  }
}

describe('chatStream', () => {
  test('yields the chunks until [DONE]', async (t) => {
    const { baseURL, seen } = await loopback(t, (response) =>
      sendEvents(response, [chunk('Hel'), chunk('lo'), chunk('', 'stop'), '[DONE]']),
    )
    const transport = new ServerTransport({ baseURL })
    assert.deepEqual(await collect(transport.chatStream({ ...request, seed: 7 })), { text: 'Hello' })
    assert.equal(seen[0]?.url, '/api/v1/chat/completions')
    assert.equal(seen[0]?.headers.accept, 'text/event-stream')
    assert.deepEqual(JSON.parse(seen[0]?.body ?? ''), { ...request, seed: 7, stream: true })
  })

  test('sends nothing before it is iterated', async (t) => {
    const { baseURL, seen } = await loopback(t, (response) => sendEvents(response, ['[DONE]']))
    const stream = new ServerTransport({ baseURL }).chatStream(request)
    await new Promise((resolve) => setTimeout(resolve, 20))
    assert.equal(seen.length, 0)
    await collect(stream)
    assert.equal(seen.length, 1)
  })

  test('a stream that ends without [DONE] is interrupted, with its text', async (t) => {
    const { baseURL } = await loopback(t, (response) => {
      sendEvents(response, [chunk('Hel'), chunk('lo', 'stop')])
      response.end()
    })
    const { text, error } = await collect(new ServerTransport({ baseURL }).chatStream(request))
    assert.equal(text, 'Hello')
    assert.ok(error instanceof StreamInterruptedError)
    assert.equal(error.partialText, 'Hello')
    assert.deepEqual(error.attempts, [{ target: 'server', model: 'auto', error: undefined }])
  })

  test('a chunk that the end cut off interrupts, and is not a malformed answer', async (t) => {
    const { baseURL } = await loopback(t, (response) => {
      sendEvents(response, [chunk('Hel')])
      response.end(`data: ${chunk('lo').slice(0, 40)}`)
    })
    const { error } = await collect(new ServerTransport({ baseURL }).chatStream(request))
    assert.ok(error instanceof StreamInterruptedError)
    assert.equal(error.partialText, 'Hel')
  })

  test('a [DONE] without its blank line is an end', async (t) => {
    const { baseURL } = await loopback(t, (response) => {
      sendEvents(response, [chunk('Hi')])
      response.end('data: [DONE]')
    })
    assert.deepEqual(await collect(new ServerTransport({ baseURL }).chatStream(request)), { text: 'Hi' })
  })

  test('a connection that breaks interrupts, and the cause says so', async (t) => {
    const { baseURL } = await loopback(t, (response) => {
      sendEvents(response, [chunk('Hel')])
      setTimeout(() => response.destroy(), 20)
    })
    const { text, error } = await collect(new ServerTransport({ baseURL }).chatStream(request))
    assert.equal(text, 'Hel')
    assert.ok(error instanceof StreamInterruptedError)
    assert.equal((error.cause as Error).name, 'NetworkError')
  })

  test('an error in the stream is a ServerError', async (t) => {
    const { baseURL } = await loopback(t, (response) => {
      sendEvents(response, [
        chunk('Hel'),
        JSON.stringify({ error: { message: 'backend gone', type: 'server_error', code: 'backend_gone', param: null } }),
      ])
      response.end()
    })
    const { text, error } = await collect(new ServerTransport({ baseURL }).chatStream(request))
    assert.equal(text, 'Hel')
    assert.ok(error instanceof ServerError)
    assert.deepEqual([error.status, error.type, error.code], [200, 'server_error', 'backend_gone'])
  })

  test('an error before the stream is a ServerError', async (t) => {
    const { baseURL } = await loopback(t, (response) => sendError(response, 429, { message: 'slow down' }))
    const { error } = await collect(new ServerTransport({ baseURL }).chatStream(request))
    assert.ok(error instanceof ServerError)
    assert.equal(error.status, 429)
  })

  test('an answer that is no stream, or holds no chunks, is invalid', async (t) => {
    const { baseURL } = await loopback(t, (response, { body }) => {
      if (body.includes('json')) sendJSON(response, { choices: [] })
      else sendEvents(response, ['{"choices": 1}', '[DONE]'])
    })
    const transport = new ServerTransport({ baseURL })
    for (const user of ['json', 'chunks']) {
      const { error } = await collect(transport.chatStream({ ...request, user }))
      assert.ok(error instanceof ServerError, user)
      assert.equal(error.code, 'invalid_response')
    }
  })

  test('an abort throws the reason, at once and without more text', async (t) => {
    const closed = Promise.withResolvers<void>()
    const { baseURL } = await loopback(t, (response) => {
      response.on('close', closed.resolve)
      sendEvents(response, [chunk('a'), chunk('b')])
    })
    const controller = new AbortController()
    const reason = new Error('changed my mind')
    const stream = new ServerTransport({ baseURL }).chatStream(request, { signal: controller.signal })
    const got: unknown[] = []
    const error = await rejection(
      (async () => {
        for await (const item of stream) {
          got.push(item)
          controller.abort(reason)
        }
      })(),
    )
    assert.equal(error, reason)
    assert.equal(got.length, 1)
    await closed.promise
  })

  test('an abort while waiting for the server throws an AbortError', async (t) => {
    const { baseURL } = await loopback(t, () => {})
    const controller = new AbortController()
    const stream = new ServerTransport({ baseURL }).chatStream(request, { signal: controller.signal })
    setTimeout(() => controller.abort(), 20)
    assert.equal(((await rejection(stream.next())) as Error).name, 'AbortError')
  })

  test('an injected fetch that ignores the signal does not delay an abort', async () => {
    const body = new ReadableStream<Uint8Array>({
      start: (controller) => controller.enqueue(new TextEncoder().encode(`data: ${chunk('a')}\n\n`)),
    })
    const fetch = async (): Promise<Response> =>
      new Response(body, { headers: { 'content-type': 'text/event-stream' } })
    const controller = new AbortController()
    const transport = new ServerTransport({ baseURL: 'http://127.0.0.1', fetch })
    const stream = transport.chatStream(request, { signal: controller.signal })
    await stream.next()
    setTimeout(() => controller.abort(), 10)
    assert.equal(((await rejection(stream.next())) as Error).name, 'AbortError')
  })

  test('leaving the loop closes the connection; reading to [DONE] does not', async (t) => {
    const ends: string[] = []
    const closed = Promise.withResolvers<void>()
    const { baseURL } = await loopback(t, (response, { body }) => {
      const leaves = body.includes('leaves')
      response.on('close', () => {
        ends.push(`${leaves ? 'left' : 'read'}, ${response.writableFinished ? 'finished' : 'cut off'}`)
        if (ends.length === 2) closed.resolve()
      })
      if (leaves) return sendEvents(response, [chunk('a')])
      sendEvents(response, [chunk('a')])
      response.write('data: [DONE]\n\n')
      // What a server still does when the answer is complete, such as writing its books.
      setTimeout(() => response.end(), 50)
    })
    const transport = new ServerTransport({ baseURL })
    for await (const _ of transport.chatStream({ ...request, user: 'reads' }));
    for await (const _ of transport.chatStream({ ...request, user: 'leaves' })) break
    await closed.promise
    assert.deepEqual(ends.sort(), ['left, cut off', 'read, finished'])
  })
})
