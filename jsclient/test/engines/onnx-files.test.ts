/** What the ONNX adapter leaves in the store of a model that could not be loaded. */
import assert from 'node:assert/strict'
import { afterEach, beforeEach, describe, test } from 'node:test'
import { createProgressReporter } from '../../src/engine/progress.ts'
import { openFiles } from '../../src/engines/onnx/files.ts'
import { sourceOf } from '../../src/engines/onnx/source.ts'
import { createTraffic } from '../../src/engines/onnx/traffic.ts'
import { rejection, until } from '../client/setup.ts'
import { type FakeCache, fileOf, installFakeCache, removeFakeCache } from './fake-cache.ts'
import { testModel } from './model.ts'

describe('files that are forgotten', () => {
  const model = testModel({ source: { url: 'onnx/model.onnx' } })
  const source = sourceOf(model, 'https://a.test/m/') ?? assert.fail()
  const open = () => {
    const traffic = createTraffic(
      createProgressReporter(() => {}),
      0,
    )
    return openFiles(model, source, traffic, new AbortController().signal)
  }

  const { fetch } = globalThis
  let store: FakeCache
  beforeEach(() => {
    store = installFakeCache()
  })
  afterEach(() => {
    globalThis.fetch = fetch
    removeFakeCache()
  })

  for (const which of ['fresh', 'all'] as const) {
    test(`do not come in behind while they are stored: ${which}`, async () => {
      const { promise, resolve } = Promise.withResolvers<void>()
      store.disk = promise
      globalThis.fetch = async () => new Response('weights')
      const files = await open()
      const read = files.read(source.graphURL)
      await until(() => store.writes === 1)
      const forgotten = files.forget(which)
      resolve()
      await Promise.all([read, forgotten])
      assert.deepEqual([...store.files.keys()], [])
    })
  }

  test('do not come in behind while they are made those of one more model', async () => {
    store.files.set(source.graphURL, fileOf('another'))
    const { promise, resolve } = Promise.withResolvers<void>()
    store.disk = promise
    const files = await open()
    const read = files.read(source.graphURL)
    await until(() => store.writes === 1)
    const forgotten = files.forget('all')
    resolve()
    await Promise.all([read, forgotten])
    assert.deepEqual([...store.files.keys()], [])
  })

  test('are given up while they are fetched, and not stored later', async () => {
    let asked: AbortSignal | null | undefined
    globalThis.fetch = async (_, init) => {
      const signal = init?.signal
      asked = signal
      return new Promise((_, reject) => signal?.addEventListener('abort', () => reject(signal.reason)))
    }
    const files = await open()
    const read = rejection(files.read(source.graphURL))
    await until(() => asked !== undefined)
    await files.forget('fresh')
    assert.equal(await read, asked?.reason)

    globalThis.fetch = async () => new Response('late')
    assert.equal((await files.read(source.graphURL)).byteLength, 4)
    assert.deepEqual([...store.files.keys()], [])
  })
})
