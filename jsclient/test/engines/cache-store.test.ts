/** What is removed from the Cache API, and what a file that is not ours does: nothing. */
import assert from 'node:assert/strict'
import { afterEach, beforeEach, describe, test } from 'node:test'
import { createCacheStore } from '../../src/engine/cache-store.ts'
import { marksOf } from '../../src/engine/stored-files.ts'
import type { FakeCache } from './fake-cache.ts'
import { fileOf, installFakeCache, removeFakeCache } from './fake-cache.ts'
import { testModel } from './model.ts'

const SHARED = 'http://127.0.0.1/tokenizer.json'
const OWN = 'http://127.0.0.1/weights'

describe('a store in the Cache API', () => {
  const store = createCacheStore({ caches: ['any'], missingBytes: async () => 0, belongs: () => () => false })
  const [one, two] = [testModel({ id: 'one' }), testModel({ id: 'two' })]

  let cache: FakeCache
  beforeEach(() => {
    cache = installFakeCache()
    cache.files.set(SHARED, fileOf('one', 'two')).set(OWN, fileOf('one'))
  })
  afterEach(removeFakeCache)

  for (const method of ['remove', 'removeOld'] as const) {
    test(`leaves to others what they share: ${method}`, async () => {
      await store[method](one)
      assert.deepEqual([...cache.files.keys()], [SHARED])
      assert.deepEqual([await store.storedBytes(one), await store.storedBytes(two)], [0, 5])
    })

    test(`frees what is the model's alone on a full disk: ${method}`, async () => {
      cache.isFull = true
      await store[method](one)
      assert.deepEqual([...cache.files.keys()], [SHARED])
      assert.equal(await store.storedBytes(two), 5)
    })
  }

  test('passes over a mark that nobody can read', async () => {
    cache.files.set('http://127.0.0.1/strange', new Response('12345', { headers: { 'x-edgewise-model': 'one %' } }))
    assert.equal(await store.storedBytes(one), 10)
    await store.remove(one)
    assert.deepEqual([...cache.files.keys()].sort(), ['http://127.0.0.1/strange', SHARED])
  })

  test('reads back the ids that it wrote', () => {
    const ids = ['org/a b', '50%', 'é']
    assert.deepEqual(marksOf(fileOf(...ids)).models, ids)
  })
})
