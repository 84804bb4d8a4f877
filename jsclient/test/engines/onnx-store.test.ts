/** Which stored files the ONNX adapter takes for a model's present ones. */
import assert from 'node:assert/strict'
import { afterEach, describe, test } from 'node:test'
import { filesOf } from '../../src/engines/onnx/contents.ts'
import { sourceOf } from '../../src/engines/onnx/source.ts'
import { createStore } from '../../src/engines/onnx/store.ts'
import { fileOf, installFakeCache, removeFakeCache } from './fake-cache.ts'
import { testModel } from './model.ts'

const BASE = 'http://127.0.0.1/'

describe('removeOld of onnx', () => {
  afterEach(removeFakeCache)

  for (const name of ['model.onnx', 'model%40v2%2B.onnx', 'a%20b.onnx?v=1', 'what%3F.onnx']) {
    test(`leaves the weights beside ${name}, and its other files`, async () => {
      const model = testModel({ source: { url: `onnx/${name}` } })
      const source = sourceOf(model, BASE) ?? assert.fail()
      const config = { 'transformers.js_config': { use_external_data_format: 2 } }
      const present = filesOf(source, config, undefined).map(({ url }) => url)
      const { files } = installFakeCache()
      for (const url of [`${BASE}onnx/old.onnx_data`, ...present]) files.set(url, fileOf(model.id))
      await createStore(() => source).removeOld(model)
      assert.deepEqual([...files.keys()], present)
    })
  }

  test('weights lie where their graph does, escaped alike, without what is asked of it', () => {
    const source = sourceOf(testModel({ source: { url: 'onnx/a%2B.onnx?v=1' } }), BASE) ?? assert.fail()
    const config = { 'transformers.js_config': { use_external_data_format: { 'a+.onnx': 2 } } }
    const weights = filesOf(source, config, undefined).filter(({ url }) => url.includes('_data'))
    assert.deepEqual(
      weights.map(({ url }) => url),
      [`${BASE}onnx/a%2B.onnx_data`, `${BASE}onnx/a%2B.onnx_data_1`],
    )
  })
})
