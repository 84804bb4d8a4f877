/** How much there is to fetch, by what servers say. */
import assert from 'node:assert/strict'
import { afterEach, describe, test } from 'node:test'
import { servedBytes, servedJSON } from '../../src/engine/served-files.ts'
import { PEER_DEFAULT, transformers } from '../../src/engines/transformers/index.ts'
import { testModel } from './model.ts'

const { fetch } = globalThis
afterEach(() => {
  globalThis.fetch = fetch
})

const length = (bytes: number, headers = {}) =>
  new Response(null, { headers: { 'content-length': String(bytes), ...headers } })
const url = (file: string) => ({ url: `http://127.0.0.1/${file}` })

describe('the bytes of files', () => {
  const asked: string[] = []
  const serve = (files: Record<string, () => Response>) => {
    asked.length = 0
    globalThis.fetch = async (input, init) => {
      const { pathname } = new URL(String(input))
      asked.push(`${init?.method} ${pathname}`)
      return files[pathname.slice(1)]?.() ?? new Response(null, { status: 404 })
    }
  }
  const bytes = (...files: { url: string; optional?: boolean }[]) => servedBytes(files, undefined)

  test('are added up from headers alone', async () => {
    serve({ a: () => length(1000), b: () => length(24, { 'content-encoding': 'br' }) })
    assert.equal(await bytes(url('a'), url('b')), 1024)
    assert.deepEqual(asked, ['HEAD /a', 'HEAD /b'])
    assert.equal(await bytes(), 0)
  })

  test('are unknown as soon as those of one file are', async () => {
    const unknown = {
      chunked: () => new Response(null),
      page: () => length(9, { 'content-type': 'text/html' }),
      refused: () => new Response(null, { status: 405 }),
      broken: () => {
        throw new TypeError('Failed to fetch')
      },
    }
    serve({ a: () => length(1000), ...unknown })
    for (const file of [...Object.keys(unknown), 'missing']) {
      assert.equal(await bytes(url('a'), url(file)), undefined, file)
      assert.equal(await bytes(url('a'), { ...url(file), optional: true }), 1000, file)
    }
  })

  test('of a list that can not be had are unknown', async () => {
    serve({ list: () => Response.json({ parts: 2 }), broken: () => new Response('{') })
    assert.deepEqual(await servedJSON(url('list').url, undefined), { parts: 2 })
    assert.equal(await servedJSON(url('broken').url, undefined), undefined)
    assert.equal(await servedJSON(url('missing').url, undefined), undefined)
  })

  test('are asked of no hub, nor of anybody before there is a base', async () => {
    serve({})
    const wasmPaths = 'http://127.0.0.1/ort/'
    for (const options of [{}, { wasmPaths }, { wasmPaths, modelBaseURL: PEER_DEFAULT }]) {
      const { store } = transformers({ worker: () => assert.fail('no worker is made'), ...options })
      assert.equal(await store?.missingBytes(testModel()), undefined)
      assert.equal(await store?.storedBytes(testModel()), 0)
    }
    assert.deepEqual(asked, [])
  })
})
