// What an engine says at the end of an answer, in OpenAI's words.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { ChatMessage } from '../../src/wire.ts'
import { collect, setup } from './setup.ts'

const messages: ChatMessage[] = [{ role: 'user', content: 'hi' }]
const counts = { promptTokens: 7, completionTokens: 3 }
const usage = { prompt_tokens: 7, completion_tokens: 3, total_tokens: 10 }

describe('the end of a local answer', () => {
  for (const [name, cachedTokens, details] of [
    ['some', 5, { prompt_tokens_details: { cached_tokens: 5 } }],
    ['none', 0, { prompt_tokens_details: { cached_tokens: 0 } }],
    ['nobody knows how many', undefined, {}],
  ] as const) {
    it(`tells the tokens that were still in the cache: ${name}`, async (t) => {
      const cached = cachedTokens === undefined ? {} : { cachedTokens }
      const { client } = await setup(t, { engine: { answer: { text: 'one two three', promptTokens: 7, ...cached } } })
      const { chat } = client
      assert.deepEqual((await chat.completions.create({ messages })).usage, { ...usage, ...details })
      const stream_options = { include_usage: true }
      const stream = await chat.completions.create({ messages, stream: true, stream_options })
      assert.deepEqual((await collect(stream)).at(-1)?.usage, { ...usage, ...details })
      assert.deepEqual((await client.generate('hi')).tokensUsed, { ...counts, totalTokens: 10 })
    })
  }

  it('says that the engine held something back', async (t) => {
    const { client } = await setup(t, { engine: { answer: { text: 'I will', finishReason: 'content_filter' } } })
    const whole = await client.chat.completions.create({ messages })
    assert.equal(whole.choices[0]?.finish_reason, 'content_filter')
    const chunks = await collect(await client.chat.completions.create({ messages, stream: true }))
    assert.equal(chunks.at(-1)?.choices[0]?.finish_reason, 'content_filter')
    const last = (await collect(client.stream({ messages }))).at(-1)
    assert.ok(last?.type === 'done' && last.finishReason === 'content_filter' && last.route.source === 'browser')
    assert.equal((await client.generate('hi')).finishReason, 'content_filter')
  })
})
