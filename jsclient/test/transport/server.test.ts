import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { NetworkError } from '../../src/errors/network-error.ts'
import { ServerError } from '../../src/errors/server-error.ts'
import { SnapshotError } from '../../src/errors/snapshot-error.ts'
import { ServerTransport } from '../../src/transport/server.ts'
import type { Snapshot } from '../../src/wire.ts'
import { loopback, rejection, sendError, sendJSON } from './loopback.ts'

const decision = { target: 'server', useBrowser: false, reason: 'offline', continuation: 'none' }
const snapshot: Snapshot = {
  schema: 1,
  revision: 'r1',
  policies: [],
  models: [],
  subject: { rolloutBucket: 1, server: {} },
}

describe('route', () => {
  test('posts JSON and returns the decision', async (t) => {
    const { baseURL, seen } = await loopback(t, (response) => sendJSON(response, decision))
    const transport = new ServerTransport({ baseURL: `${baseURL}/`, headers: { 'x-app': 'demo' } })
    assert.deepEqual(await transport.route({ capabilities: {}, promptLength: 3 }), decision)
    const [request] = seen
    assert.equal(`${request?.method} ${request?.url}`, 'POST /api/v1/browser/route')
    assert.equal(request?.headers['content-type'], 'application/json')
    assert.equal(request?.headers['x-app'], 'demo')
    assert.equal(request?.body, '{"capabilities":{},"promptLength":3}')
  })

  test('types the error of the server', async (t) => {
    const { baseURL } = await loopback(t, (response) =>
      sendError(
        response,
        400,
        {
          message: 'promptLength is negative',
          type: 'invalid_request_error',
          code: 'invalid_value',
          param: 'promptLength',
        },
        { 'x-request-id': 'req-1', 'retry-after': '2' },
      ),
    )
    const error = await rejection(new ServerTransport({ baseURL }).route({ capabilities: {}, promptLength: -1 }))
    assert.ok(error instanceof ServerError)
    assert.equal(error.message, 'promptLength is negative')
    assert.deepEqual(
      [error.status, error.type, error.code, error.param, error.retryAfterMs, error.requestId],
      [400, 'invalid_request_error', 'invalid_value', 'promptLength', 2000, 'req-1'],
    )
  })

  test('types the errors of what stands in between', async (t) => {
    const { baseURL } = await loopback(t, (response) => {
      response.writeHead(503, { 'retry-after': new Date(Date.now() + 60_000).toUTCString() })
      response.end('<html>')
    })
    const error = await rejection(new ServerTransport({ baseURL }).route({ capabilities: {}, promptLength: 1 }))
    assert.ok(error instanceof ServerError)
    assert.deepEqual([error.status, error.type, error.code, error.param], [503, 'server_error', null, null])
    assert.ok(error.retryAfterMs !== undefined && error.retryAfterMs > 50_000 && error.retryAfterMs <= 60_000)
    assert.doesNotMatch(error.message, /html/)
  })

  test('a body that is not what was asked for is invalid', async (t) => {
    const bodies = ['<html>', '[]', 'null', '{}']
    let next = 0
    const { baseURL } = await loopback(t, (response) => void response.end(bodies[next++]))
    const transport = new ServerTransport({ baseURL })
    for (const body of bodies) {
      const error = await rejection(transport.route({ capabilities: {}, promptLength: 1 }))
      assert.ok(error instanceof ServerError, body)
      assert.deepEqual([error.status, error.code], [200, 'invalid_response'])
    }
  })

  test('an error in a successful answer is a ServerError; codes that are numbers become strings', async (t) => {
    const { baseURL } = await loopback(t, (response) => sendJSON(response, { error: { message: 'no', code: 40 } }))
    const error = await rejection(new ServerTransport({ baseURL }).chat({ messages: [] }))
    assert.ok(error instanceof ServerError)
    assert.deepEqual([error.message, error.code], ['no', '40'])
  })
})

describe('models', () => {
  test('are transferred again only when they changed', async (t) => {
    let revision = 'r1'
    const { baseURL, seen } = await loopback(t, (response, { headers }) => {
      const etag = `"${revision}"`
      if (headers['if-none-match'] === etag) response.writeHead(304, { etag }).end()
      else sendJSON(response, { revision, models: [] }, 200, { etag })
    })
    const transport = new ServerTransport({ baseURL })
    const first = await transport.models()
    assert.equal(await transport.models(), first)
    revision = 'r2'
    assert.deepEqual(await transport.models(), { revision: 'r2', models: [] })
    assert.deepEqual(
      seen.map(({ headers }) => headers['if-none-match']),
      [undefined, '"r1"', '"r1"'],
    )
  })

  test('without an ETag nothing is revalidated', async (t) => {
    const { baseURL, seen } = await loopback(t, (response) => sendJSON(response, { revision: 'r', models: [] }))
    const transport = new ServerTransport({ baseURL })
    await transport.models()
    await transport.models()
    assert.equal(seen[1]?.headers['if-none-match'], undefined)
  })
})

describe('policy', () => {
  test('hands out the snapshot and its ETag, then that it is still good', async (t) => {
    const { baseURL } = await loopback(t, (response, { headers }) => {
      if (headers['if-none-match']) response.writeHead(304).end()
      else sendJSON(response, snapshot, 200, { etag: '"s1"' })
    })
    const transport = new ServerTransport({ baseURL })
    const ages = { maxAge: 300, staleIfUnreachable: 2_592_000 }
    assert.deepEqual(await transport.policy(), { modified: true, snapshot: { ...snapshot, ...ages }, etag: '"s1"' })
    assert.deepEqual(await transport.policy({ etag: '"s1"' }), { modified: false, etag: '"s1"' })
  })

  test('refuses what it could not decide with', async (t) => {
    const bad: [body: object, code: string][] = [
      [{ ...snapshot, schema: 2 }, 'snapshot_unsupported'],
      [{ ...snapshot, schema: '1' }, 'snapshot_invalid'],
      [{ ...snapshot, policies: {} }, 'snapshot_invalid'],
      [{ ...snapshot, models: 1 }, 'snapshot_invalid'],
      [{ ...snapshot, subject: null }, 'snapshot_invalid'],
      [{ ...snapshot, revision: 1 }, 'snapshot_invalid'],
    ]
    let next = 0
    const { baseURL } = await loopback(t, (response) => sendJSON(response, bad[next++]?.[0]))
    for (const [body, code] of bad) {
      const error = await rejection(new ServerTransport({ baseURL }).policy())
      assert.ok(error instanceof SnapshotError, JSON.stringify(body))
      assert.equal(error.code, code)
    }
  })

  test('goes past the HTTP cache, whose grant another tab may be using', async (t) => {
    const { baseURL } = await loopback(t, (response) => sendJSON(response, snapshot))
    const caches: (RequestCache | undefined)[] = []
    const transport = new ServerTransport({
      baseURL,
      fetch: (url, init) => {
        caches.push(init?.cache)
        return fetch(url, init)
      },
    })
    await transport.policy()
    await transport.policy({ etag: '"s1"' })
    assert.deepEqual(caches, ['no-store', 'no-store'])
  })

  test('a 304 that nobody asked for is an error', async (t) => {
    const { baseURL } = await loopback(t, (response) => void response.writeHead(304).end())
    assert.ok((await rejection(new ServerTransport({ baseURL }).policy())) instanceof ServerError)
  })
})

describe('chat', () => {
  test('asks for no stream and returns the completion', async (t) => {
    const completion = { id: 'c', object: 'chat.completion', created: 1, model: 'm', choices: [] }
    const { baseURL, seen } = await loopback(t, (response) => sendJSON(response, completion))
    const transport = new ServerTransport({ baseURL })
    const body = { messages: [], stream: true, stream_options: { include_usage: true }, top_k: 4 }
    const got = await transport.chat(body)
    assert.deepEqual(got, completion)
    assert.deepEqual(JSON.parse(seen[0]?.body ?? ''), { messages: [], top_k: 4, stream: false })
  })

  test('an aborted call throws the reason of its signal', async (t) => {
    const { baseURL, seen } = await loopback(t, (response) => void response.writeHead(200).write('{"cho'))
    const transport = new ServerTransport({ baseURL })
    assert.equal(
      ((await rejection(transport.chat({ messages: [] }, { signal: AbortSignal.timeout(50) }))) as Error).name,
      'TimeoutError',
    )
    assert.equal(seen.length, 1)
    assert.equal(await rejection(transport.chat({ messages: [] }, { signal: AbortSignal.abort('why') })), 'why')
    assert.equal(seen.length, 1, 'nothing is sent on an aborted signal')
  })

  test('no answer is a NetworkError, without a second attempt', async (t) => {
    const { baseURL, seen } = await loopback(t, (response) => void response.destroy())
    const error = await rejection(new ServerTransport({ baseURL, headers: () => ({}) }).chat({ messages: [] }))
    assert.ok(error instanceof NetworkError)
    assert.equal(error.url, `${baseURL}/chat/completions`)
    assert.equal(seen.length, 1)
  })

  test('an answer that breaks off is a NetworkError', async (t) => {
    const { baseURL } = await loopback(t, (response) => {
      response.writeHead(200, { 'content-length': '100' }).write('{"cho')
      setTimeout(() => response.destroy(), 20)
    })
    assert.ok((await rejection(new ServerTransport({ baseURL }).chat({ messages: [] }))) instanceof NetworkError)
  })
})
