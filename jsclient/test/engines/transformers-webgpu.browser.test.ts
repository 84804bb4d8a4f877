/** The adapter on WebGPU, which here is software: slow, and as good as any to be lost. */
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import type { ChatMessage } from '../../src/wire.ts'
import { crashGPU } from '../browser/faults.ts'
import type { Harness, TestPage } from '../browser/harness.ts'
import type { Answered, Load, Outcome } from './pages/transformers-page.ts'
import { reference } from './reference.ts'
import { PAGE, startTransformersHarness } from './transformers-harness.ts'

const ON_GPU = { source: { device: 'webgpu' } }

describe('transformers on WebGPU', () => {
  let harness: Harness
  /** With the model resident at the beginning of every test: a load takes seconds, its first answer as well. */
  let opened: TestPage
  let first: Load
  before(async () => {
    harness = await startTransformersHarness({ flags: ['--enable-unsafe-webgpu'] })
    opened = await harness.open()
    await opened.call(PAGE, 'make', 'webgpu')
    first = await opened.call<Load>(PAGE, 'load', ON_GPU)
  })
  after(() => harness.close())

  const answer = ({ call }: TestPage, messages: ChatMessage[], maxTokens: number, over = {}) =>
    call<Answered>(PAGE, 'answer', messages, maxTokens, over)

  test('gives reference answers, and goes on from its cache without changing one', async (t) => {
    const { messages, text } = reference('name')
    const [named, greeted, asked] = messages as [ChatMessage, ChatMessage, ChatMessage]
    const begun = await answer(opened, [named], 30)
    assert.equal(begun.text, greeted.content)
    const warm = await answer(opened, [named, greeted, asked], 30)
    assert.equal(warm.text, text)
    assert.equal(warm.done.usage.cachedTokens, begun.done.usage.promptTokens)
    const rate = (1000 * (warm.tokens - 1)) / (warm.ms - warm.firstMs)
    t.diagnostic(`load ${first.loadMs} ms, first token after ${Math.round(begun.firstMs)} ms`)
    t.diagnostic(`then after ${Math.round(warm.firstMs)} ms; ${rate.toFixed(1)} tokens/s`)

    const sampled = { temperature: 1.5, seed: 7 }
    await answer(opened, [named], 1)
    const hot = await answer(opened, [named, greeted, asked], 12, sampled)
    await answer(opened, [{ role: 'user', content: 'Hello!' }], 1)
    const cold = await answer(opened, [named, greeted, asked], 12, sampled)
    assert.ok((hot.done.usage.cachedTokens ?? 0) > 0)
    assert.deepEqual([cold.done.usage.cachedTokens, cold.text], [0, hot.text])
    assert.deepEqual(opened.errors, [])
  })

  test('says so when ONNX Runtime was served without WebGPU', async () => {
    await using other = await harness.open()
    const ort = '/ort/ort-wasm-simd-threaded'
    await other.call(PAGE, 'make', 'webgpu', { wasmPaths: { mjs: `${ort}.mjs`, wasm: `${ort}.wasm` } })
    const { code, message } = await other.call<Outcome>(PAGE, 'attempt', ON_GPU)
    assert.deepEqual([code, /asyncify/.test(message)], ['misconfigured', true], message)
  })

  for (const [what, lose] of [
    ['a device that is lost', ({ call }: TestPage) => call(PAGE, 'order', { destroyDevice: true })],
    ['a GPU process that crashes', () => crashGPU(harness.browser)],
  ] as const) {
    test(`${what} takes the model with it in the middle of an answer, and the next load works`, async () => {
      const { messages, maxTokens } = reference('count-60')
      await opened.call(PAGE, 'startAnswer', messages, maxTokens)
      await lose(opened)
      const failed = await opened.call<Outcome>(PAGE, 'endAnswer')
      assert.deepEqual([failed.name, failed.code], ['EngineLostError', 'lost'], failed.message)
      const lost = await opened.call<Outcome>(PAGE, 'lost')
      assert.deepEqual([lost.name, lost.code], ['EngineLostError', 'lost'], lost.message)
      const again = await opened.call<Outcome>(PAGE, 'attempt', ON_GPU)
      assert.equal(again.name, 'none', again.message)
    })
  }
})
