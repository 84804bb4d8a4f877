import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { NetworkError } from '../../src/errors/network-error.ts'
import { ServerError } from '../../src/errors/server-error.ts'
import { ServerTransport } from '../../src/transport/server.ts'
import { loopback, rejection, sendError } from './loopback.ts'

describe('report', () => {
  const batch = { grant: 'token', reports: [] }
  const receipt = { accepted: 0, duplicates: 0, dropped: 0 }

  test('is sent with the grant alone, keepalive, before report returns', async () => {
    const inits: (RequestInit | undefined)[] = []
    const fetch = async (_: RequestInfo | URL, init?: RequestInit): Promise<Response> => {
      inits.push(init)
      return Response.json(receipt, { status: 202 })
    }
    const headers = (): HeadersInit => assert.fail('headers was called')
    const transport = new ServerTransport({
      baseURL: 'http://127.0.0.1/api/v1',
      fetch,
      headers,
      credentials: 'include',
    })
    const pending = transport.report(batch)
    assert.equal(inits.length, 1)
    assert.deepEqual(await pending, receipt)
    assert.equal(inits[0]?.keepalive, true)
    assert.equal(inits[0]?.credentials, 'include')
    assert.equal(inits[0]?.body, JSON.stringify(batch))
  })

  test('goes without keepalive when it is larger than keepalive may be', async () => {
    let keepalive: boolean | undefined
    const fetch = async (_: RequestInfo | URL, init?: RequestInit): Promise<Response> => {
      keepalive = init?.keepalive
      return Response.json(receipt)
    }
    await new ServerTransport({ baseURL: 'http://127.0.0.1', fetch }).report({ grant: 'x'.repeat(70_000), reports: [] })
    assert.equal(keepalive, false)
  })

  test('a hidden page tries a beacon too when no answer came, and keeps the batch', async (t) => {
    const beacons: unknown[][] = []
    const document = { visibilityState: 'visible' }
    const navigator = { sendBeacon: (...sent: unknown[]) => beacons.push(sent) > 0 }
    for (const [name, value] of Object.entries({ navigator, document })) {
      const original = Object.getOwnPropertyDescriptor(globalThis, name) ?? { value: undefined, configurable: true }
      Object.defineProperty(globalThis, name, { value, configurable: true })
      t.after(() => Object.defineProperty(globalThis, name, original))
    }

    const fetch = (): Promise<Response> => Promise.reject(new TypeError('failed to fetch'))
    const offline = new ServerTransport({ baseURL: 'http://127.0.0.1/api/v1', fetch })
    assert.ok((await rejection(offline.report(batch))) instanceof NetworkError)
    assert.equal(beacons.length, 0)
    document.visibilityState = 'hidden'
    assert.ok((await rejection(offline.report(batch))) instanceof NetworkError, 'a beacon is no delivery')
    assert.deepEqual(beacons, [['http://127.0.0.1/api/v1/browser/analytics', JSON.stringify(batch)]])

    const answers = await loopback(t, (response) => sendError(response, 403, { message: 'grant expired' }))
    const online = new ServerTransport({ baseURL: answers.baseURL })
    assert.ok((await rejection(online.report(batch))) instanceof ServerError)
    assert.equal(((await rejection(online.report(batch, { signal: AbortSignal.abort() }))) as Error).name, 'AbortError')
    assert.equal(beacons.length, 1)
  })
})
