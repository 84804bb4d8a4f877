/** What the tests of every engine ask of it in Chromium. Its page exports `runCheck` and `answer`. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { type Collected, engineChecks } from '../../src/testing/conformance.ts'
import type { TestPage } from '../browser/harness.ts'
import { testModel } from './model.ts'
import { prompts, type ReferencePrompt } from './reference.ts'

const PAGE = '/page.js'

type Answered = Collected & { ms: number }

const names = engineChecks({
  create: () => assert.fail(),
  model: testModel(),
  request: { messages: [], maxTokens: 1 },
  generatedTokens: () => 0,
}).map((check) => check.name)

/** A test for each check of the conformance suite, all in one page; `args` are what `runCheck` takes for a name. */
export function testConformance(open: () => Promise<TestPage>, args = (name: string): unknown[] => [name]): void {
  let opened: TestPage
  before(async () => {
    opened = await open()
  })
  after(() => opened[Symbol.asyncDispose]())
  for (const name of names) {
    test(name, async (t) => {
      const skipped = await opened.call<string | undefined>(PAGE, 'runCheck', ...args(name))
      if (skipped) t.skip(skipped)
    })
  }
}

/** Asks the loaded model, and wants the reference's answers. Resolves with how many there were, and how fast. */
export async function answersReference(opened: TestPage, asked: readonly ReferencePrompt[]): Promise<string> {
  let tokens = 0
  let ms = 0
  for (const { id, messages, maxTokens, text, finishReason, promptTokens, completionTokens } of asked) {
    const got = await opened.call<Answered>(PAGE, 'answer', messages, maxTokens)
    assert.equal(got.text, text, id)
    assert.equal(got.done.finishReason, finishReason, id)
    const { cachedTokens = 0, ...usage } = got.done.usage
    assert.deepEqual(usage, { promptTokens, completionTokens }, id)
    assert.ok(cachedTokens < promptTokens, id)
    assert.equal(got.tokens, completionTokens, id)
    tokens += got.tokens
    ms += got.ms
  }
  assert.deepEqual(opened.errors, [])
  return `${asked.length} answers, ${Math.round((tokens / ms) * 1000)} tokens/s`
}

/** Begins the reference's answers, and wants the loaded model to go on with them. */
export async function goesOn(opened: TestPage): Promise<void> {
  let tried = 0
  for (const { id, messages, maxTokens, text, finishReason } of prompts) {
    // Cut between two words: inside a word the cut text has other tokens than the model wrote.
    const cut = text.indexOf(' ', text.length / 2)
    if (finishReason !== 'stop' || cut < 0) continue
    const begun = [...messages, { role: 'assistant', content: text.slice(0, cut) }]
    const over = { continueFinalMessage: true }
    const rest = await opened.call<Answered>(PAGE, 'answer', begun, maxTokens, over)
    assert.equal(text.slice(0, cut) + rest.text, text, id)
    tried++
  }
  assert.ok(tried > 10, `${tried} answers were cut`)
}
