/** Requests in the Prompt API's terms, and its answers in ours. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { deferred } from '../../src/engine/abort.ts'
import type { EngineRequest } from '../../src/engine/engine.ts'
import { isEngineUnsupportedError } from '../../src/errors/engine-unsupported-error.ts'
import { collect } from '../../src/testing/conformance.ts'
import { asking, fault, loaded, withGlobal } from './prompt-api-fixture.ts'
import { tokenize } from './prompt-api-prompts.ts'

const words = (count: number) => Array.from({ length: count }, (_, index) => `w${index}`).join(' ')

describe('prompt-api translates', () => {
  test('the first messages begin a session, the last one is asked', async (t) => {
    const { browser, loaded: built } = await loaded(t)
    await collect(built, {
      messages: [
        { role: 'developer', content: 'be brief' },
        {
          role: 'user',
          content: [
            { type: 'text', text: 'a' },
            { type: 'text', text: 'b' },
          ],
        },
        { role: 'assistant', content: 'c', refusal: null },
        { role: 'user', content: 'd' },
      ],
      maxTokens: 64,
    })
    assert.deepEqual(browser.created[1]?.initialPrompts, [
      { role: 'system', content: 'be brief' },
      { role: 'user', content: 'ab' },
      { role: 'assistant', content: 'c' },
    ])
  })

  test('images become blobs', async (t) => {
    const { loaded: built } = await loaded(
      t,
      { images: true, answer: ([heard]) => describeParts(heard?.content) },
      { images: true },
    )
    const url = `data:image/png;base64,${Buffer.from('12345').toString('base64')}`
    const content = [
      { type: 'text', text: 'see' },
      { type: 'image_url', image_url: { url, detail: 'auto' } },
    ] as const
    const { text, done } = await collect(built, { messages: [{ role: 'user', content: [...content] }], maxTokens: 64 })
    assert.equal(text, 'see, 5 bytes')
    assert.ok(done.usage.promptTokens > 64)
  })

  test('a JSON Schema binds the answer, and an object is one too', async (t) => {
    const { loaded: built } = await loaded(t)
    const schema = { type: 'object', properties: { yes: { type: 'boolean' } } }
    const free = await collect(built, asking('?'))
    const bound = await collect(built, {
      ...asking('?'),
      responseFormat: { type: 'json_schema', json_schema: { name: 's', schema } },
    })
    assert.equal(bound.text, '{"yes":true}')
    assert.ok(bound.done.usage.promptTokens > free.done.usage.promptTokens, 'the schema counts')
    const object = await collect(built, { ...asking('?'), responseFormat: { type: 'json_object' } })
    assert.equal(object.text, '{}')
    assert.equal((await collect(built, { ...asking('?'), responseFormat: { type: 'text' } })).text, free.text)
  })

  test('a continuation has the prefix in the prompt and the rest in the answer', async (t) => {
    const { loaded: built } = await loaded(t, { answer: () => words(20) })
    const request = { ...asking('?', `${words(5)}`), continueFinalMessage: true }
    const { text, done } = await collect(built, request)
    assert.equal(words(5) + text, words(20))
    assert.equal(done.usage.completionTokens, 15)
  })
})

function describeParts(parts: LanguageModelMessageContent[] = []): string {
  return parts.map(({ type, value }) => (type === 'text' ? value : `${(value as Blob).size} bytes`)).join(', ')
}

describe('prompt-api refuses', () => {
  const picture = (url: string, detail?: 'low') =>
    ({
      messages: [{ role: 'user', content: [{ type: 'image_url', image_url: { url, ...(detail && { detail }) } }] }],
    }) as const
  const cases: [string, Partial<EngineRequest> | { messages: readonly unknown[] }, boolean?][] = [
    ['tools', { tools: [{ type: 'function', function: { name: 'f' } }] }],
    ['seed', { seed: 0 }],
    ['topP', { topP: 1 }],
    ['temperature', { temperature: 0 }],
    ['messages', { messages: [] }],
    ['messages[0]', { messages: [{ role: 'system', content: 'only' }] }],
    ['messages[1]', { messages: [...asking('a').messages, { role: 'system', content: 'late' }] }],
    ['messages[1].role', { messages: [...asking('a').messages, { role: 'tool', content: '1' }] }],
    ['messages[0].tool_call_id', { messages: [{ role: 'tool', content: '1', tool_call_id: 'x' }] }],
    ['toolChoice', { toolChoice: 'required' }],
    ['messages[0].name', { messages: [{ role: 'user', content: 'a', name: 'Ada' }] }],
    ['messages[0].refusal', { messages: [{ role: 'assistant', refusal: 'no' }, ...asking('a').messages] }],
    ['messages[0].content[0]', picture('data:image/png;base64,AAAA')],
    ['messages[0].content[0]', picture('https://example.com/a.png'), true],
    ['messages[0].content[0]', picture('data:image/png;base64,***'), true],
    ['messages[0].content[0].detail', picture('data:image/png;base64,AAAA', 'low'), true],
    ['continueFinalMessage', { continueFinalMessage: true }],
  ]
  for (const [param, ask, images = false] of cases) {
    test(`${param}${images ? ', with images' : ''}: ${JSON.stringify(ask).slice(0, 60)}`, async (t) => {
      const { browser, loaded: built } = await loaded(t, { images }, { images })
      await assert.rejects(collect(built, { ...asking('?'), ...ask } as EngineRequest), { param, code: 'unsupported' })
      assert.equal(browser.created.length, 1, 'no session was made')
    })
  }

  test('a prefix that the browser does not know', async (t) => {
    const { browser, loaded: built } = await loaded(t, { prefixes: false })
    const request = { ...asking('?', 'I heard'), continueFinalMessage: true }
    await assert.rejects(collect(built, request), { param: 'continueFinalMessage' })
    assert.equal(browser.generated, 0)
  })

  test('what the browser itself refuses before it answers, by its field', async (t) => {
    const { browser, loaded: built } = await loaded(t)
    const schema = { $ref: '#' }
    const responseFormat = { type: 'json_schema', json_schema: { name: 's', schema } } as const
    await assert.rejects(collect(built, { ...asking('?'), responseFormat }), { param: 'responseFormat' })
    browser.faults.generate = { after: 0, error: fault('NotSupportedError') }
    await assert.rejects(collect(built, asking('?')), { param: 'messages' })
    browser.faults.generate = { after: 2, error: fault('NotSupportedError') }
    await assert.rejects(collect(built, asking('?')), (error) => {
      assert.equal((error as { code?: string }).code, 'generate_failed')
      return !isEngineUnsupportedError(error)
    })
  })
})

describe('prompt-api counts', () => {
  test('an answer by what the browser says it used', async (t) => {
    const { browser, loaded: built } = await loaded(t, { chunkTokens: 3, answer: () => words(20) })
    const { deltas, done } = await collect(built, { ...asking('one two'), maxTokens: 1000 })
    assert.deepEqual(done.usage, { promptTokens: 5, completionTokens: 20, cachedTokens: 0 })
    assert.ok(deltas <= 8)
    assert.equal(browser.measured, 1, 'far from the limit only the prompt is measured')
  })

  test('a chunk that goes beyond the limit is cut off, and measured only near it', async (t) => {
    const { browser, loaded: built } = await loaded(t, { chunkTokens: 3, answer: () => words(200) })
    const { text, done } = await collect(built, { ...asking('?'), maxTokens: 100 })
    assert.equal(text, words(99))
    assert.equal(done.finishReason, 'length')
    assert.equal(done.usage.completionTokens, 99)
    assert.ok(browser.measured < 25, `${browser.measured} measurements of 33 chunks`)
  })

  test('the context window ends an answer before its conversation loses anything', async (t) => {
    const { loaded: built } = await loaded(t, { contextWindow: 20, answer: () => words(30) })
    const { text, done } = await collect(built, asking('one two'))
    assert.equal(done.finishReason, 'length')
    assert.equal(text, words(15))
    assert.deepEqual(done.usage, { promptTokens: 5, completionTokens: 15, cachedTokens: 0 })
  })

  test('the text up to a stop, and what was generated for it', async (t) => {
    const { loaded: built } = await loaded(t, { chunkTokens: 4, answer: () => words(30) })
    const { text, done, tokens } = await collect(built, { ...asking('?'), stop: ['w9 w10'] })
    assert.equal(text, words(9).concat(' '))
    assert.equal(done.finishReason, 'stop')
    assert.equal(done.usage.completionTokens, tokenize(words(12)).length)
    assert.equal(tokens, done.usage.completionTokens)
  })
})

describe('prompt-api fails', () => {
  test('an output that the browser withholds ends as filtered', async (t) => {
    const { browser, loaded: built } = await loaded(t, { answer: () => words(20) })
    browser.faults.generate = { after: 3, error: fault('NotReadableError') }
    const { text, done } = await collect(built, asking('?'))
    assert.equal(text, words(3))
    assert.equal(done.finishReason, 'content_filter')
    assert.equal(done.usage.completionTokens, 3)
  })

  for (const name of ['InvalidStateError', 'AbortError']) {
    test(`a session that the browser ends is a loss (${name})`, async (t) => {
      const { browser, loaded: built } = await loaded(t)
      let deltas = 0
      const reading = (async () => {
        for await (const _ of built.generate(asking('?'))) if (++deltas === 2) browser.crash(name)
      })()
      await assert.rejects(reading, { name: 'EngineLostError', code: 'lost', message: /load the model again/ })
      assert.equal((await built.lost).code, 'lost')
      await assert.rejects(collect(built, asking('?')), { code: 'lost' })
    })
  }

  test('a browser that forbids what it allowed is a loss', async (t) => {
    const { browser, loaded: built } = await loaded(t)
    Object.assign(browser, { availability: 'downloadable' })
    await assert.rejects(collect(built, asking('?')), { code: 'lost', message: /user gesture/ })
  })

  for (const way of ['an abort', 'a stall'] as const) {
    test(`${way} while the browser measures the prompt ends the turn`, async (t) => {
      const { browser, engine, loaded: built } = await loaded(t, {}, { stallMs: way === 'a stall' ? 100 : 0 })
      const { prototype } = browser.LanguageModel as unknown as { prototype: { measureContextUsage: () => unknown } }
      const asked = deferred<void>()
      const hung = t.mock.method(prototype, 'measureContextUsage', () => {
        asked.resolve()
        return new Promise<number>(() => {})
      })
      const reason = new Error('never mind')
      const controller = new AbortController()
      const answer = collect(built, asking('?'), controller.signal)
      const failed = assert.rejects(answer, way === 'a stall' ? { code: 'stalled' } : (error) => error === reason)
      await asked.promise
      if (way === 'an abort') controller.abort(reason)
      await failed
      hung.mock.restore()
      if (way === 'an abort') await collect(built, asking('?'))
      else await engine.load(built.model)
    })
  }

  test('silence is a stall and a loss, and the engine loads again', async (t) => {
    const { browser, engine, loaded: built } = await loaded(t, {}, { stallMs: 100 })
    browser.faults.hang = 2
    await assert.rejects(collect(built, asking('?')), { code: 'stalled' })
    assert.equal((await built.lost).code, 'lost')
    assert.equal(browser.live.size, 0)
    await engine.load(built.model)
  })

  test('a hidden page is not blamed, and its answer goes on', async (t) => {
    const { browser, loaded: built } = await loaded(t, {}, { stallMs: 100 })
    let asked = 0
    withGlobal(t, 'document', {
      get hidden() {
        return ++asked < 3
      },
    })
    browser.faults.hang = 2
    await assert.rejects(collect(built, asking('?')), { code: 'stalled' })
    assert.equal(asked, 3)
  })

  test('a slow caller is no stall', async (t) => {
    const { loaded: built } = await loaded(t, { answer: () => words(3) }, { stallMs: 500 })
    let text = ''
    for await (const event of built.generate(asking('?'))) {
      if (text === '') await new Promise((resolve) => setTimeout(resolve, 700))
      if (event.type === 'delta') text += event.text
    }
    assert.equal(text, words(3))
  })
})

describe('prompt-api and temperature', () => {
  const modes: [number, string][] = [
    [0, 'most-predictable'],
    [0.3, 'predictable'],
    [0.7, 'balanced'],
    [1, 'balanced'],
    [1.2, 'creative'],
    [2, 'most-creative'],
  ]
  test('an app may take modes for temperatures', async (t) => {
    const { browser, engine, loaded: built } = await loaded(t, {}, { temperature: 'approximate' })
    assert.equal(engine.supports?.temperature, true)
    for (const [temperature] of modes) await collect(built, { ...asking('?'), temperature, maxTokens: 1 })
    await collect(built, { ...asking('?'), maxTokens: 1 })
    assert.deepEqual(
      browser.created.slice(1).map(({ samplingMode }) => samplingMode),
      [...modes.map(([, mode]) => mode), undefined],
    )
  })

  test('where there are no modes a temperature is refused all the same', async (t) => {
    const { engine, loaded: built } = await loaded(t, { sampling: 'none' }, { temperature: 'approximate' })
    assert.equal(engine.supports?.temperature, false)
    await assert.rejects(collect(built, { ...asking('?'), temperature: 0 }), { param: 'temperature' })
  })

  test('an extension sets it exactly, or not at all', async (t) => {
    const { browser, engine, loaded: built } = await loaded(t, { sampling: 'raw' })
    assert.equal(engine.supports?.temperature, true)
    for (const temperature of [0, 0.7]) await collect(built, { ...asking('?'), temperature, maxTokens: 1 })
    assert.deepEqual(
      browser.created.slice(1).map(({ temperature, topK }) => [temperature, topK]),
      [
        [0, 1],
        [0.7, 3],
      ],
    )
    await assert.rejects(collect(built, { ...asking('?'), temperature: 2.5 }), { param: 'temperature' })
  })
})
