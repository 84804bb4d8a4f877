import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { isStreamInterruptedError } from '../../src/errors/stream-interrupted-error.ts'
import type { ChatMessage } from '../../src/wire.ts'
import { collect, LOAD_FAILS, rejection, setup } from './setup.ts'

const messages: ChatMessage[] = [{ role: 'user', content: 'hi' }]

describe('chat.completions.create', () => {
  it('gives a ChatCompletion from the browser', async (t) => {
    const { client } = await setup(t)
    const answer = await client.chat.completions.create({ messages })
    assert.equal(answer.object, 'chat.completion')
    assert.equal(answer.choices[0]?.message.content, 'Hello from here')
    assert.equal(answer.choices[0]?.finish_reason, 'stop')
    assert.deepEqual(answer.usage, { prompt_tokens: 4, completion_tokens: 3, total_tokens: 7 })
    assert.equal(answer.model, 'tiny')
    assert.equal(answer.route.source, 'browser')
  })

  it("gives the server's own ChatCompletion", async (t) => {
    const { client } = await setup(t)
    const { route, ...answer } = await client.chat.completions.create({ messages }, { preference: 'never' })
    assert.equal(route.source, 'server')
    assert.equal(answer.id, 'chatcmpl-fake')
    assert.equal(answer.usage?.total_tokens, 7)
  })

  for (const preference of ['always', 'never'] as const) {
    it(`streams chunks, ${preference === 'always' ? 'browser' : 'server'}`, async (t) => {
      const { client } = await setup(t)
      const stream = await client.chat.completions.create({ messages, stream: true, preference })
      const chunks = await collect(stream)
      assert.equal(new Set(chunks.map(({ id }) => id)).size, 1)
      assert.ok(chunks.every(({ object }) => object === 'chat.completion.chunk'))
      const choices = chunks.flatMap((chunk) => chunk.choices)
      assert.equal(choices.filter(({ delta }) => delta.role).length, 1)
      assert.deepEqual(
        choices.map(({ finish_reason }) => finish_reason).filter((reason) => reason !== null),
        ['stop'],
      )
      const text = choices.map(({ delta }) => delta.content ?? '').join('')
      assert.equal(text, preference === 'always' ? 'Hello from here' : 'Hello from afar')
      assert.ok(
        chunks.every(({ choices }) => choices.length === 1),
        'usage was not asked for',
      )
      assert.equal((await stream.route).completionTokens, 3)
    })

    it(`gives the usage once when asked, ${preference}`, async (t) => {
      const { client } = await setup(t)
      const options = { messages, stream: true, preference, stream_options: { include_usage: true } } as const
      const chunks = await collect(await client.chat.completions.create({ ...options, messages }))
      const usages = chunks.filter(({ usage }) => usage)
      assert.equal(usages.length, 1)
      assert.equal(chunks.at(-1)?.usage?.completion_tokens, 3)
    })
  }

  it('hands over silently before the first chunk, both ways', async (t) => {
    const { client, server } = await setup(t, { engine: { faults: [{ does: 'die', at: 0 }] } })
    const one = await client.chat.completions.create({ messages, stream: true })
    const text = (await collect(one)).map(({ choices }) => choices[0]?.delta.content ?? '').join('')
    assert.equal(text, 'Hello from afar')
    assert.equal((await one.route).attempts.length, 2)

    server.behaviour = { breakAt: 0 }
    const other = await setup(t, { server: { breakAt: 0 } })
    const two = await other.client.chat.completions.create({ messages, stream: true, complexity: 'complex' })
    const chunks = await collect(two)
    assert.equal(chunks.map(({ choices }) => choices[0]?.delta.content ?? '').join(''), 'Hello from here')
    assert.equal(chunks.filter(({ choices }) => choices[0]?.delta.role).length, 1)
  })

  for (const [where, given] of [
    ['browser', { engine: { faults: [{ does: 'die', at: 2 }] } }],
    ['server', { server: { breakAt: 2 } }],
  ] as const) {
    it(`fails with what arrived when the ${where} breaks off`, async (t) => {
      const { client } = await setup(t, given)
      const preference = where === 'browser' ? 'always' : 'never'
      const stream = await client.chat.completions.create({ messages, stream: true, preference })
      const error = await rejection(collect(stream))
      assert.ok(isStreamInterruptedError(error))
      assert.equal(error.partialText, 'Hello from')
      assert.deepEqual(
        error.attempts.map(({ target }) => target),
        [where],
      )
      assert.equal(await rejection(stream.route), error)
    })
  }

  it('sends what no local model honours to the server, and says so', async (t) => {
    const { client } = await setup(t)
    const { route } = await client.chat.completions.create({ messages, frequency_penalty: 0.5 })
    assert.deepEqual([route.target, route.reason, route.attempts.length], ['server', 'feature_unsupported', 1])
    const fine = await client.chat.completions.create({ messages, frequency_penalty: 0, user: 'me', model: 'auto' })
    assert.equal(fine.route.source, 'browser')
  })

  it('routes tools and several choices by need', async (t) => {
    const { client, server } = await setup(t)
    const tools = [{ type: 'function' as const, function: { name: 'f' } }]
    const { route } = await client.chat.completions.create({ messages, tools, n: 2 })
    assert.equal(route.reason, 'feature_unsupported')
    assert.deepEqual(server.bodies<{ needs: object }>('/browser/route')[0]?.needs, { tools: true, n: 2 })
  })
})

describe('stream', () => {
  it('yields deltas and the whole at the end', async (t) => {
    const { client } = await setup(t)
    const stream = client.stream({ messages })
    const events = await collect(stream)
    assert.deepEqual(
      events.map(({ type }) => type),
      ['delta', 'delta', 'delta', 'done'],
    )
    const done = events.at(-1)
    assert.ok(done?.type === 'done' && done.text === 'Hello from here' && done.usage.completionTokens === 3)
    assert.equal(done.route, await stream.route)
  })

  it('begins again after a failure and says so', async (t) => {
    const { client } = await setup(t, { engine: { faults: [{ does: 'die', at: 2 }] } })
    const events = await collect(client.stream({ messages }))
    assert.deepEqual(
      events.map(({ type }) => type),
      ['delta', 'delta', 'handover', 'reset', 'delta', 'delta', 'delta', 'done'],
    )
    const done = events.at(-1)
    assert.ok(done?.type === 'done' && done.text === 'Hello from afar' && done.usage.completionTokens === 3)
  })

  it('hands over before the first delta without a reset', async (t) => {
    const { client } = await setup(t, { engine: { faults: [LOAD_FAILS] } })
    const types = (await collect(client.stream({ messages }))).map(({ type }) => type)
    assert.deepEqual(types, ['handover', 'delta', 'delta', 'delta', 'done'])
  })

  it('stops the engine when the loop is left, and takes the next request', async (t) => {
    const { client, engine } = await setup(t, { engine: { faults: [{ does: 'hang', at: 2 }] } })
    const stream = client.stream({ messages })
    let left = 0
    for await (const event of stream) {
      if (event.type === 'delta' && ++left === 2) break
    }
    assert.equal(((await rejection(stream.route)) as Error).name, 'AbortError')
    engine.faults = []
    assert.equal((await client.generate('again')).text, 'Hello from here')
    assert.ok(engine.log.filter((line) => line === 'stop tiny').length === 2)
  })
})

describe('generate with onChunk', () => {
  it('hands out the text as it comes', async (t) => {
    const { client } = await setup(t)
    for (const preference of ['always', 'never'] as const) {
      const chunks: string[] = []
      const { text } = await client.generate('hi', { stream: true, preference, onChunk: (chunk) => chunks.push(chunk) })
      assert.equal(chunks.length, 3)
      assert.equal(chunks.join(''), text)
    }
  })

  it('never says anything twice unless a restart was allowed', async (t) => {
    const { client } = await setup(t, { engine: { faults: [{ does: 'die', at: 1 }] } })
    const error = await rejection(client.generate('hi', { onChunk: () => {} }))
    assert.ok(isStreamInterruptedError(error) && error.partialText === 'Hello')
    let shown = ''
    const { text } = await client.generate('hi', {
      onChunk: (chunk) => {
        shown += chunk
      },
      onRestart: () => {
        shown = ''
      },
    })
    assert.equal(shown, text)
  })
})
