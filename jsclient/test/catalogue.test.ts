/** The Go module's catalogue against the engines' own data, so that an update of a package shows where they part. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { describe, test } from 'node:test'
import { functionCallingModelIds } from '@mlc-ai/web-llm'
import type { ModelInfo } from '../src/wire.ts'
import { installed, type PrebuiltRecord, refreshCatalogue } from '../tools/catalogue-webllm.ts'

const text = readFileSync(new URL('../../registry/catalogue.json', import.meta.url), 'utf8')
const catalogue = JSON.parse(text) as ModelInfo[]
const webllm = catalogue.filter((model) => model.framework === 'webllm')

function recordOf(model: ModelInfo): PrebuiltRecord {
  const record = installed.records.find((entry) => entry.model_id === model.source?.modelId)
  assert.ok(record, `${model.id} is not in WebLLM's prebuilt list`)
  return record
}

test('the catalogue has models for WebLLM', () => {
  assert.ok(webllm.length >= 10)
})

// Context windows, memory, features, buffers and where they were read.
test('the catalogue has the figures of the installed WebLLM (if not: make catalogue)', () => {
  assert.deepEqual(refreshCatalogue(text, installed), { text, changes: [], problems: [] })
})

for (const model of webllm) {
  test(`${model.id} is what WebLLM ships`, () => {
    const record = recordOf(model)
    assert.equal(model.id, record.model_id)
    assert.equal(model.downloadURL, record.model)
    assert.ok(record.model_type === undefined || record.model_type === 0, 'it is no language model')
    assert.ok(model.sizeBytes <= (record.vram_required_MB ?? 0) * 2 ** 20, 'its download is larger than it in memory')
  })
}

test('only models that WebLLM calls functions with say that they support tools', () => {
  for (const model of webllm) {
    assert.equal(model.supports?.tools ?? false, functionCallingModelIds.includes(model.id), model.id)
  }
})

test('where the catalogue names a version of WebLLM, it is the installed one', () => {
  const origins = catalogue.flatMap((model) => Object.values(model.origin ?? {}))
  const named = origins.flatMap((origin) => origin.match(/web-llm \S+/g) ?? [])
  assert.ok(named.length >= 3 * webllm.length)
  assert.deepEqual([...new Set(named)], [`web-llm ${installed.version}`])
})

describe('a refreshed catalogue', () => {
  const stale: ModelInfo = {
    id: 'm-q4f16_1-MLC',
    name: 'M',
    framework: 'webllm',
    sizeBytes: 5,
    contextWindow: 1,
    minRAMGB: 9,
    capabilities: ['chat'],
    requires: { gpu: 'none', features: ['subgroups'], minBufferBytes: 7 },
    origin: { sizeBytes: 'by hand', contextWindow: 'web-llm 0.0.1', minRAMGB: 'by hand' },
    license: 'MIT',
  }
  const record: PrebuiltRecord = {
    model: 'https://example.com/m',
    model_id: stale.id,
    overrides: { context_window_size: 4096 },
    vram_required_MB: 1024.01,
  }
  const file = (...models: ModelInfo[]): string => `${JSON.stringify(models, null, 2)}\n`
  const refresh = (models: ModelInfo[], ...records: PrebuiltRecord[]) =>
    refreshCatalogue(file(...models), { version: '1.2.3', records })

  test('has the figures of the package and says so, with all else in its place', () => {
    const { text, changes, problems } = refresh([stale], record)
    assert.equal(
      text,
      file({
        ...stale,
        contextWindow: 4096,
        minRAMGB: 2,
        requires: { gpu: 'webgpu', features: ['shader-f16'] },
        origin: {
          sizeBytes: 'by hand',
          contextWindow: 'web-llm 1.2.3 prebuiltAppConfig',
          minRAMGB: 'web-llm 1.2.3 prebuiltAppConfig: vram_required_MB 1024.01, rounded up to a GB',
          requires: 'web-llm 1.2.3 prebuiltAppConfig; shader-f16 from the id',
        },
      }),
    )
    assert.deepEqual(problems, [])
    assert.ok(changes.includes(`${stale.id}.minRAMGB: 9 -> 2`))
    assert.ok(changes.includes(`${stale.id}.requires.minBufferBytes: 7 -> undefined`))
    assert.equal(changes.length, 8)
  })

  test('has nothing to change a second time', () => {
    const once = refresh([stale], record).text
    assert.deepEqual(refreshCatalogue(once, { version: '1.2.3', records: [record] }), {
      text: once,
      changes: [],
      problems: [],
    })
  })

  test('has the features and the buffer that the record names', () => {
    const full = { ...record, required_features: ['shader-f16', 'subgroups'], buffer_size_required_bytes: 42 }
    const [model] = JSON.parse(refresh([stale], full).text) as ModelInfo[]
    assert.deepEqual(model?.requires, { gpu: 'webgpu', features: ['shader-f16', 'subgroups'], minBufferBytes: 42 })
    assert.equal(model?.origin?.requires, 'web-llm 1.2.3 prebuiltAppConfig')
  })

  test('rounds a whole number of GB to itself', () => {
    const [model] = JSON.parse(refresh([stale], { ...record, vram_required_MB: 2048 }).text) as ModelInfo[]
    assert.equal(model?.minRAMGB, 2)
  })

  test('leaves other engines alone', () => {
    const other = { ...stale, framework: 'wllama' }
    assert.deepEqual(refresh([other], record), { text: file(other), changes: [], problems: [] })
  })

  test('leaves an entry alone that the package no longer has, and names it', () => {
    const gone = { ...stale, id: 'gone', source: { modelId: 'gone-MLC' } }
    const { text, problems } = refresh([gone], record)
    assert.equal(text, file(gone))
    assert.deepEqual(problems, [
      'gone: web-llm 1.2.3 prebuiltAppConfig has no gone-MLC: give the entry a model that the package has, or take it out',
    ])
  })

  for (const missing of ['overrides', 'vram_required_MB'] as const) {
    test(`is refused a record without ${missing}`, () => {
      const { [missing]: _, ...rest } = record
      const { problems } = refresh([stale], rest)
      assert.equal(problems.length, 1)
      assert.match(problems[0] ?? '', /^m-q4f16_1-MLC: .* has no (context_window_size|vram_required_MB) for it$/)
    })
  }
})
