/** Which conversations share a session, and that nothing else of them changes by it. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { EngineRequest } from '../../src/engine/engine.ts'
import { collect } from '../../src/testing/conformance.ts'
import { asking, loaded } from './prompt-api-fixture.ts'

for (const names of ['new', 'old'] as const) {
  describe(`prompt-api keeps a session, ${names} names`, () => {
    test('for the turn that goes on from it', async (t) => {
      const { browser, loaded: built } = await loaded(t, { names })
      const system = { role: 'system', content: 'be brief' } as const
      const first: EngineRequest = { messages: [system, ...asking('a').messages], maxTokens: 64 }
      const one = await collect(built, first)
      const second = { ...first, messages: [...first.messages, ...asking('', one.text, 'b').messages.slice(1)] }
      const two = await collect(built, second)
      assert.equal(browser.created.length, 2, 'the base session and one more')
      const { promptTokens, completionTokens } = one.done.usage
      assert.equal(two.done.usage.cachedTokens, promptTokens + completionTokens)
      const third = { ...first, messages: [...second.messages, ...asking('', two.text, 'c').messages.slice(1)] }
      const three = await collect(built, third)
      assert.equal(browser.created.length, 2)

      await built.unload()
      const { engine } = await loaded(t, { names })
      const again = await engine.load(built.model)
      const cold = await collect(again, third)
      assert.equal(cold.text, three.text)
      assert.equal(cold.done.usage.completionTokens, three.done.usage.completionTokens)
      assert.equal(cold.done.usage.cachedTokens, 0)
    })

    test('that overflows after all: its turns are not dropped in silence', async (t) => {
      const { browser, loaded: built } = await loaded(t, {
        names,
        undercount: 30,
        contextWindow: 80,
        answer: () => 'yes',
      })
      await collect(built, asking('much '.repeat(40)))
      const long = { ...asking('much '.repeat(40), 'yes', 'more '.repeat(40)), maxTokens: 4 }
      await assert.rejects(collect(built, long), { code: 'context_length_exceeded', message: /shorten/ })
      assert.equal(browser.live.size, 1, 'the base session alone')
    })
  })
}

describe('prompt-api begins a new session', () => {
  const cases: [string, EngineRequest, (answer: string) => EngineRequest][] = [
    ['for another conversation', asking('a'), () => asking('b')],
    ['for the same question again', asking('a'), () => asking('a')],
    ['when an old message was edited', asking('a'), (answer) => asking('A', answer, 'b')],
    ['when the answer was edited', asking('a'), (answer) => asking('a', `${answer} `, 'b')],
    ['after an answer that was cut', { ...asking('a'), maxTokens: 4 }, (answer) => asking('a', answer, 'b')],
    ['after a stop', { ...asking('a'), stop: ['one'] }, (answer) => asking('a', answer, 'b')],
    [
      'after a constraint',
      { ...asking('a'), responseFormat: { type: 'json_object' } },
      (answer) => asking('a', answer, 'b'),
    ],
    ['for another temperature', asking('a'), (answer) => ({ ...asking('a', answer, 'b'), temperature: 0 })],
  ]
  for (const [name, first, next] of cases) {
    test(name, async (t) => {
      const { browser, loaded: built } = await loaded(t, {}, { temperature: 'approximate' })
      const { text } = await collect(built, first)
      const { done } = await collect(built, next(text))
      assert.equal(browser.created.length, 3)
      assert.equal(done.usage.cachedTokens, 0)
      assert.ok(browser.live.size <= 2, 'only the base session and the last one live')
    })
  }

  test('after a caller who left', async (t) => {
    const { browser, loaded: built } = await loaded(t)
    let begun = ''
    for await (const event of built.generate(asking('a'))) {
      if (event.type === 'delta') begun = event.text
      break
    }
    assert.equal(browser.live.size, 1)
    const { done } = await collect(built, asking('a', begun, 'b'))
    assert.equal(done.usage.cachedTokens, 0)
  })

  test('not after a continuation: what was begun and the rest are one answer', async (t) => {
    const { browser, loaded: built } = await loaded(t)
    const whole = await collect(built, asking('a'))
    const cut = whole.text.indexOf(' ', 10)
    const rest = await collect(built, { ...asking('a', whole.text.slice(0, cut)), continueFinalMessage: true })
    assert.equal(whole.text.slice(0, cut) + rest.text, whole.text)
    const sessions = browser.created.length
    const next = await collect(built, asking('a', whole.text, 'b'))
    assert.equal(browser.created.length, sessions)
    assert.ok((next.done.usage.cachedTokens ?? 0) > 0)
  })

  test('with parts that say the same as a text', async (t) => {
    const { browser, loaded: built } = await loaded(t)
    const { text } = await collect(built, asking('ab'))
    const [, ...rest] = asking('', text, 'c').messages
    const parts = [
      { type: 'text', text: 'a' },
      { type: 'text', text: 'b' },
    ] as const
    await collect(built, { messages: [{ role: 'user', content: [...parts] }, ...rest], maxTokens: 64 })
    assert.equal(browser.created.length, 2)
  })
})
