/** Whether Transformers.js has a model on disk, and what importing and creating the adapters touches: nothing. */
import assert from 'node:assert/strict'
import { afterEach, describe, test } from 'node:test'
import { checksumsOf } from '../../src/engine/checksums.ts'
import { marked } from '../../src/engine/stored-files.ts'
import { PEER_DEFAULT, transformers } from '../../src/engines/transformers/index.ts'
import type { Place } from '../../src/engines/transformers/store.ts'
import { isCached } from '../../src/engines/transformers/store.ts'
import { webllm } from '../../src/engines/webllm/index.ts'
import { testModel } from './model.ts'

const base = 'http://127.0.0.1/models/'
const model = testModel()
const place: Place = {
  modelId: 'org/tiny',
  revision: 'main',
  dtype: 'q8',
  modelBaseURL: base,
  wasmPaths: PEER_DEFAULT,
  wasmCache: true,
}

/** Puts a Cache API with one cache of those entries in the place of the missing one. */
function stubCaches(entries: Record<string, string>, headers = new Headers()): void {
  const cache = {
    keys: async () => Object.keys(entries).map((url) => ({ url })),
    match: async (url: string) => (url in entries ? new Response(entries[url], { headers }) : undefined),
  }
  Object.assign(globalThis, {
    caches: { has: async (name: string) => name === 'transformers-cache', open: async () => cache },
  })
}

const FILES = ['tokenizer.json', 'tokenizer_config.json', 'onnx/model_quantized.onnx']

describe('transformers status', () => {
  afterEach(() => void Reflect.deleteProperty(globalThis, 'caches'))

  const entries = (prefix: string, config: object, ...more: string[]) => ({
    [`${prefix}config.json`]: JSON.stringify(config),
    ...Object.fromEntries([...FILES, ...more].map((file) => [prefix + file, ''])),
  })

  test('a model under our own base', async () => {
    stubCaches(entries(`${base}org/tiny/`, {}))
    assert.equal(await isCached(model, place), true)
    assert.equal(await isCached(model, { ...place, modelBaseURL: base.slice(0, -1) }), true)
    assert.equal(await isCached(model, { ...place, dtype: 'q4' }), false)
    assert.equal(await isCached(model, { ...place, dtype: 'what' }), false)
    assert.equal(await isCached(model, { ...place, modelId: 'tiny' }), false)
    assert.equal(await isCached(model, { ...place, modelBaseURL: PEER_DEFAULT }), false)
  })

  test("a model from the package's own hub, by revision", async () => {
    stubCaches(entries('https://hub.invalid/org/tiny/resolve/v%2F1/', {}))
    assert.equal(await isCached(model, { ...place, revision: 'v/1', modelBaseURL: PEER_DEFAULT }), true)
    assert.equal(await isCached(model, { ...place, modelBaseURL: PEER_DEFAULT }), false)
  })

  test('weights beside the graph count', async () => {
    const split = { 'transformers.js_config': { use_external_data_format: { 'model_quantized.onnx': 2 } } }
    stubCaches(entries(`${base}org/tiny/`, split, 'onnx/model_quantized.onnx_data'))
    assert.equal(await isCached(model, place), false)
    stubCaches(entries(`${base}org/tiny/`, split, 'onnx/model_quantized.onnx_data', 'onnx/model_quantized.onnx_data_1'))
    assert.equal(await isCached(model, place), true)
    const whole = { 'transformers.js_config': { use_external_data_format: true } }
    stubCaches(entries(`${base}org/tiny/`, whole))
    assert.equal(await isCached(model, place), false)
  })

  test('files count unless they had other checksums when they were stored', async () => {
    const files = { sha256: { 'onnx/model_quantized.onnx': 'ab'.repeat(32) } }
    const other = { sha256: { 'onnx/model_quantized.onnx': 'cd'.repeat(32) } }
    // Nobody looked; a load will.
    stubCaches(entries(`${base}org/tiny/`, {}))
    assert.equal(await isCached(testModel(files), place), true)
    const checksums = checksumsOf(testModel(files), 'onnx/model_quantized.onnx')
    stubCaches(entries(`${base}org/tiny/`, {}), marked(null, { models: ['tiny'], checksums }).headers)
    assert.equal(await isCached(testModel(files), place), true)
    assert.equal(await isCached(model, place), true)
    assert.equal(await isCached(testModel(other), place), false)
  })

  test('no Cache API, or a broken one, is absent', async () => {
    assert.equal(await isCached(model, place), false)
    Object.assign(globalThis, { caches: { has: () => Promise.reject(new Error('denied')) } })
    assert.equal(await isCached(model, place), false)
  })
})

describe('adapters in Node', () => {
  test('they say that they can not run there', async () => {
    for (const engine of [transformers(), webllm()]) assert.equal(await engine.obstacle?.(), 'unavailable')
  })

  for (const engine of [transformers(), webllm()]) {
    test(`${engine.name} can be made, asked and disposed`, async () => {
      assert.equal(await engine.status(testModel()), 'absent')
      const signal = AbortSignal.abort(new Error('no'))
      await assert.rejects(engine.status(testModel(), { signal }), { message: 'no' })
      await engine.dispose()
      await engine.dispose()
    })
  }
})
