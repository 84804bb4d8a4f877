import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { InvalidRequestError } from '../../src/errors/invalid-request-error.ts'
import { ServerTransport } from '../../src/transport/server.ts'
import { rejection } from './loopback.ts'

describe('baseURL', () => {
  test('must lead somewhere; the constructor does not ask', async () => {
    const bad = [
      '/api/v1',
      'api',
      '',
      'ftp://host/',
      'http://user:pw@host/',
      'http://host/?a=1',
      'http://host/#a',
      'http://',
    ]
    for (const baseURL of bad) {
      const error = await rejection(new ServerTransport({ baseURL, fetch: async () => Response.json({}) }).models())
      assert.ok(error instanceof InvalidRequestError, baseURL)
      assert.equal(error.param, 'baseURL')
    }
  })

  test('may be relative to the page', async (t) => {
    Object.defineProperty(globalThis, 'location', { value: { href: 'https://app.test/chat/1' }, configurable: true })
    t.after(() => Reflect.deleteProperty(globalThis, 'location'))
    const urls: unknown[] = []
    const fetch = async (url: RequestInfo | URL): Promise<Response> => {
      urls.push(url)
      return Response.json({ models: [] })
    }
    for (const baseURL of ['/api/v1', 'api/', '//other.test/x', ''])
      await new ServerTransport({ baseURL, fetch }).models()
    assert.deepEqual(urls, [
      'https://app.test/api/v1/browser/models',
      'https://app.test/chat/api/browser/models',
      'https://other.test/x/browser/models',
      'https://app.test/browser/models',
    ])
  })
})
