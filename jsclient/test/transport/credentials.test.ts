import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { UnauthorizedError } from '../../src/errors/unauthorized-error.ts'
import { ServerTransport } from '../../src/transport/server.ts'
import { loopback, rejection, sendError, sendJSON } from './loopback.ts'

const decision = { target: 'server', useBrowser: false, reason: 'offline', continuation: 'none' }

describe('credentials', () => {
  test('are fetched for each request and refreshed once after a 401', async (t) => {
    const { baseURL, seen } = await loopback(t, (response, { headers }) => {
      if (headers.authorization === 'Bearer new') sendJSON(response, decision)
      else sendError(response, 401, { message: 'expired', code: 'unauthorized' })
    })
    const calls: boolean[] = []
    const transport = new ServerTransport({
      baseURL,
      headers: async ({ refresh }) => {
        calls.push(refresh)
        return { authorization: refresh ? 'Bearer new' : 'Bearer old' }
      },
    })
    await transport.route({ capabilities: {}, promptLength: 1 })
    assert.deepEqual(calls, [false, true])
    assert.equal(seen.length, 2)
    assert.equal(seen[0]?.body, seen[1]?.body)
  })

  test('a second 401 is an UnauthorizedError, after two requests', async (t) => {
    const { baseURL, seen } = await loopback(t, (response) =>
      sendError(response, 401, { message: 'Unknown user.', code: 'unauthorized' }, { 'x-request-id': 'req-2' }),
    )
    const error = await rejection(new ServerTransport({ baseURL, headers: () => ({}) }).models())
    assert.ok(error instanceof UnauthorizedError)
    assert.deepEqual([error.status, error.code, error.requestId], [401, 'unauthorized', 'req-2'])
    assert.match(error.message, /Unknown user\..*headers/)
    assert.equal(seen.length, 2)
  })

  test('headers that are no function are not tried again', async (t) => {
    const { baseURL, seen } = await loopback(t, (response) => sendError(response, 401, {}))
    assert.ok((await rejection(new ServerTransport({ baseURL, headers: {} }).models())) instanceof UnauthorizedError)
    assert.equal(seen.length, 1)
  })

  test('requests that fail together share one refresh', async (t) => {
    const { baseURL } = await loopback(t, (response, { headers }) => {
      if (headers.authorization === 'new') sendJSON(response, decision)
      else sendError(response, 401, {})
    })
    let refreshes = 0
    const transport = new ServerTransport({
      baseURL,
      headers: async ({ refresh }) => {
        if (!refresh) return { authorization: 'old' }
        refreshes++
        await new Promise((resolve) => setTimeout(resolve, 50))
        return { authorization: 'new' }
      },
    })
    await Promise.all(Array.from({ length: 8 }, () => transport.route({ capabilities: {}, promptLength: 1 })))
    assert.equal(refreshes, 1)
  })

  test('requests that went out with the same old ones share a refresh, however late they fail', async () => {
    let token = 'old'
    let refreshes = 0
    let late = 0
    const transport = new ServerTransport({
      baseURL: 'http://127.0.0.1/api/v1',
      headers: async ({ refresh }) => {
        if (refresh) {
          refreshes++
          token = 'new'
        }
        return { authorization: token }
      },
      fetch: async (_, init) => {
        const old = new Headers(init?.headers).get('authorization') === 'old'
        await new Promise((resolve) => setTimeout(resolve, old ? 10 * ++late : 1))
        return Response.json(decision, { status: old ? 401 : 200 })
      },
    })
    await Promise.all(Array.from({ length: 4 }, () => transport.route({ capabilities: {}, promptLength: 1 })))
    assert.equal(refreshes, 1)
  })

  test('what headers throws is passed on, and an abort does not wait for it', async () => {
    const thrown = new Error('no session')
    const failing = new ServerTransport({ baseURL: 'http://127.0.0.1:9', headers: () => Promise.reject(thrown) })
    assert.equal(await rejection(failing.models()), thrown)
    const hanging = new ServerTransport({ baseURL: 'http://127.0.0.1:9', headers: () => new Promise(() => {}) })
    const error = await rejection(hanging.models({ signal: AbortSignal.timeout(10) }))
    assert.equal((error as Error).name, 'TimeoutError')
  })
})
