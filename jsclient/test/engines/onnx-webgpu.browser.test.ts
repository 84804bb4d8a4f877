/** The ONNX adapter on WebGPU, on Chromium's software adapter: slow, so short. */
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import type { ChatMessage } from '../../src/wire.ts'
import { crashGPU } from '../browser/faults.ts'
import type { TestPage } from '../browser/harness.ts'
import type { OnnxHarness } from './onnx-harness.ts'
import { startOnnxHarness } from './onnx-harness.ts'
import type { Answered, Load, Outcome } from './pages/onnx-page.ts'
import { prompts, type ReferencePrompt } from './reference.ts'

describe('onnx on WebGPU', () => {
  let harness: OnnxHarness
  /** With the model resident at the beginning of every test: a load takes seconds, its first answer as well. */
  let opened: TestPage
  let loadMs: number
  before(async () => {
    harness = await startOnnxHarness({ flags: ['--enable-unsafe-webgpu'] })
    opened = await harness.open()
    loadMs = (await opened.call<Load>('/page.js', 'load', 'gpu')).loadMs
  })
  after(() => harness.close())

  const [hello] = prompts as [ReferencePrompt]

  test('gives a reference answer, and the same from a cache that was cut on its way back', async (t) => {
    const ask = (messages: ChatMessage[], maxTokens: number) =>
      opened.call<Answered>('/page.js', 'answer', messages, maxTokens)
    const first = await ask(hello.messages, 16)
    assert.equal(first.text, hello.text)
    t.diagnostic(`load ${loadMs} ms, first token ${Math.round(first.firstMs)} ms, ${Math.round(first.ms)} ms in all`)

    const goesOn: ChatMessage[] = [...hello.messages, { role: 'assistant', content: first.text }]
    goesOn.push({ role: 'user', content: 'What is 7 + 5?' })
    const warm = await ask(goesOn, 10)
    assert.equal(warm.done.usage.cachedTokens, hello.promptTokens)
    await ask([{ role: 'user', content: 'Something else.' }], 1)
    const cold = await ask(goesOn, 10)
    assert.equal(cold.done.usage.cachedTokens, 0)
    assert.equal(warm.text, cold.text)
    t.diagnostic(
      `second answer "${warm.text}" ${Math.round(warm.ms)} ms with the cache, ${Math.round(cold.ms)} without`,
    )
  })

  test('says so when the GPU process crashes in the middle of an answer, and loads again', async () => {
    await opened.call('/page.js', 'startAnswer', [{ role: 'user', content: 'Count from 1 to 60' }], 100)
    await crashGPU(harness.browser)
    const ended = await opened.call<Outcome>('/page.js', 'howItEnded')
    assert.deepEqual([ended.name, ended.code], ['EngineLostError', 'lost'], ended.message)
    const lost = await opened.call<Outcome>('/page.js', 'howItIsLost')
    assert.deepEqual([lost.name, lost.code], ['EngineLostError', 'lost'], lost.message)

    await opened.call<Load>('/page.js', 'load', 'gpu')
    const again = await opened.call<Answered>('/page.js', 'answer', hello.messages, 16)
    assert.equal(again.text, hello.text)
  })
})
