/** The Go module's catalogue against the engines' own data, so that an update of a package shows where they part. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { functionCallingModelIds, prebuiltAppConfig } from '@mlc-ai/web-llm'
import type { ModelInfo } from '../src/wire.ts'

/** Of the package's record; its declarations don't resolve under NodeNext. */
interface PrebuiltRecord {
  model: string
  model_id: string
  model_type?: number
  overrides?: { context_window_size?: number }
  required_features?: string[]
  buffer_size_required_bytes?: number
  vram_required_MB?: number
}

const catalogue = JSON.parse(
  readFileSync(new URL('../../registry/catalogue.json', import.meta.url), 'utf8'),
) as ModelInfo[]
const webllm = catalogue.filter((model) => model.framework === 'webllm')

const records: PrebuiltRecord[] = prebuiltAppConfig.model_list

function recordOf(model: ModelInfo): PrebuiltRecord {
  const record = records.find((entry) => entry.model_id === model.source?.modelId)
  assert.ok(record, `${model.id} is not in WebLLM's prebuilt list`)
  return record
}

test('the catalogue has models for WebLLM', () => {
  assert.ok(webllm.length >= 10)
})

for (const model of webllm) {
  test(`${model.id} is what WebLLM ships`, () => {
    const record = recordOf(model)
    assert.equal(model.id, record.model_id)
    assert.equal(model.downloadURL, record.model)
    assert.equal(model.contextWindow, record.overrides?.context_window_size)
    assert.ok(record.model_type === undefined || record.model_type === 0, 'it is no language model')
  })

  test(`${model.id} asks for what WebLLM asks for`, () => {
    const record = recordOf(model)
    assert.equal(model.requires?.gpu, 'webgpu')
    const features = model.requires?.features ?? []
    for (const feature of record.required_features ?? []) assert.ok(features.includes(feature), `${feature} is missing`)
    // Many records of half-float models don't name the feature that their shaders use.
    assert.equal(features.includes('shader-f16'), /q\df16/.test(model.id))
    assert.equal(model.requires?.minBufferBytes, record.buffer_size_required_bytes)
  })

  test(`${model.id} asks for the memory that WebLLM counts`, () => {
    const { vram_required_MB } = recordOf(model)
    assert.ok(vram_required_MB !== undefined)
    assert.ok(
      (model.minRAMGB ?? 0) * 1024 >= vram_required_MB,
      `${model.minRAMGB} GB is less than ${vram_required_MB} MB`,
    )
    assert.ok(model.sizeBytes <= vram_required_MB * 2 ** 20, 'the download is larger than what it takes in memory')
  })
}

test('only models that WebLLM calls functions with say that they support tools', () => {
  for (const model of webllm) {
    assert.equal(model.supports?.tools ?? false, functionCallingModelIds.includes(model.id), model.id)
  }
})
