/** The adapter in Chromium, which has the Prompt API and no model for it. */
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import type { Harness } from '../browser/harness.ts'
import { startHarness } from '../browser/harness.ts'
import type * as page from './pages/prompt-api-page.ts'
import { digest } from './prompt-api-prompts.ts'

const path = (name: string) => fileURLToPath(new URL(`pages/${name}`, import.meta.url))

describe('prompt-api in Chromium', () => {
  let harness: Harness
  before(async () => {
    harness = await startHarness({
      bundles: { '/page.js': path('prompt-api-page.ts'), '/worker.js': path('prompt-api-worker.ts') },
    })
  })
  after(() => harness.close())

  test("the browser's own API has no model, and the adapter says so", async () => {
    await using opened = await harness.open()
    const { has, availability, ...seen } = await opened.call<page.Sight>('/page.js', 'look')
    assert.deepEqual([has, availability], [true, 'unavailable'])
    assert.deepEqual(seen, { obstacle: 'unavailable', status: 'absent', code: 'unavailable' })
    assert.deepEqual(opened.errors, [])
  })

  test('it looks at what the adapter passes, prefixes too', async () => {
    await using opened = await harness.open()
    const seen = await opened.call<string[]>('/page.js', 'reads')
    const passed = [
      'expectedInputs',
      'expectedOutputs',
      'initialPrompts',
      'monitor',
      'signal',
      'role',
      'content',
      'prefix',
    ]
    assert.deepEqual(
      passed.filter((member) => !seen.includes(member)),
      [],
    )
  })

  test("a fake answers through the browser's own streams and signals", async () => {
    await using opened = await harness.open()
    type Answer = Awaited<ReturnType<typeof page.answer>>
    const { collected, aborted, left } = await opened.call<Answer>('/page.js', 'answer')
    const heard = [{ role: 'user' as const, content: [{ type: 'text' as const, value: 'count' }], prefix: false }]
    assert.equal(collected.text, digest(heard))
    assert.equal(collected.tokens, collected.done.usage.completionTokens)
    assert.equal(aborted, true)
    assert.equal(left, 0)
    assert.deepEqual(opened.errors, [])
  })

  test('a worker has no such API', async () => {
    await using opened = await harness.open()
    assert.equal(await opened.call('/page.js', 'inWorker'), 'unavailable')
  })
})
