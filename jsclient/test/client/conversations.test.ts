import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { Conversations } from '../../src/client/conversations.ts'
import type { ChatRequest } from '../../src/client/options.ts'
import { type PreparedRequest, prepare } from '../../src/client/prepare.ts'
import type { ChatMessage, PolicySpec, RouteRequest, Target } from '../../src/wire.ts'
import { LOAD_FAILS, rejection, setup } from './setup.ts'
import { SNAPSHOT, type WireServer } from './wire-server.ts'

const messages: ChatMessage[] = [{ role: 'user', content: 'hi' }]

/** How a conversation goes on after the model has called a tool. */
const results: ChatMessage[] = [
  ...messages,
  {
    role: 'assistant',
    content: null,
    tool_calls: [{ id: 't-1', type: 'function', function: { name: 'clock', arguments: '{}' } }],
  },
  { role: 'tool', tool_call_id: 't-1', content: '12:00' },
]

/** What the routing requests said of the conversation, one after the other. */
function told(server: WireServer): (readonly [inToolLoop: Target | undefined, lastTarget: Target | undefined])[] {
  return server
    .bodies<RouteRequest>('/browser/route')
    .map(({ inToolLoop, lastTarget }) => [inToolLoop, lastTarget] as const)
}

describe('a conversation', () => {
  it('is followed by its id', async (t) => {
    const { client, server } = await setup(t)
    await client.generate('one', { conversationId: 'a' })
    await client.generate('two', { conversationId: 'a', force: 'server' })
    await client.generate('three', { conversationId: 'a' })
    await client.generate('four', { conversationId: 'b' })
    await client.generate('five')
    const [first, second, third, ...others] = told(server)
    assert.deepEqual(
      [first, second, third],
      [
        [undefined, undefined],
        [undefined, 'browser'],
        [undefined, 'server'],
      ],
    )
    assert.deepEqual(others, [
      [undefined, undefined],
      [undefined, undefined],
    ])
  })

  it('is where its answer was made, whatever was decided, and not where none came', async (t) => {
    const { client, server } = await setup(t, { engine: { faults: [LOAD_FAILS] } })
    await client.generate('one', { conversationId: 'a' })
    await client.generate('two', { conversationId: 'a' })
    await rejection(client.generate('three', { conversationId: 'a', force: 'browser' }))
    await client.generate('four', { conversationId: 'a' })
    assert.deepEqual(
      told(server).map(([, lastTarget]) => lastTarget),
      [undefined, 'server', 'server', 'server'],
    )
  })

  for (const source of ['browser', 'server'] as const) {
    it(`is where a stream was answered that is left at its last chunk, ${source}`, async (t) => {
      const { client, server } = await setup(t)
      const asked = { messages, conversationId: 'a', force: source, stream: true } as const
      for await (const { choices } of await client.chat.completions.create({ ...asked, messages })) {
        if (choices[0]?.finish_reason) break
      }
      await client.generate('two', { conversationId: 'a' })
      assert.deepEqual(told(server).at(-1), [undefined, source])
    })
  }

  it('is nowhere while a stream was left before its last chunk', async (t) => {
    const { client, server } = await setup(t)
    for await (const _ of client.stream({ messages, conversationId: 'a' })) break
    await client.generate('two', { conversationId: 'a' })
    assert.deepEqual(told(server).at(-1), [undefined, undefined])
  })

  it('keeps local-only turns to itself', async (t) => {
    const { client, server } = await setup(t)
    await client.initialize()
    for (const before of [undefined, 'server'] as const) {
      await client.generate('secret', { conversationId: 'a', privacy: 'local-only' })
      await client.generate('known', { conversationId: 'a', force: 'server' })
      assert.deepEqual(told(server).at(-1), [undefined, before])
    }
  })

  it('is named to the server that answers in it, and only then', async (t) => {
    const { client, server } = await setup(t, { engine: { faults: [LOAD_FAILS] } })
    await client.initialize()
    const named = { conversationId: 'a', force: 'server' } as const
    await client.generate('one', named)
    await client.generate('two', { ...named, onChunk: () => {} })
    await client.chat.completions.create({ messages, conversationId: 'a' }) // falls back
    await client.generate('three', { ...named, conversationId: '' })
    await client.generate('four', { force: 'server' })
    await rejection(client.generate('secret', { conversationId: 'a', privacy: 'local-only' }))
    assert.deepEqual(
      server.bodies<{ conversationId?: string }>('/chat/completions').map(({ conversationId }) => conversationId),
      ['a', 'a', 'a', undefined, undefined],
    )
  })

  it('keeps a tool loop where it began', async (t) => {
    const policies: PolicySpec[] = [...SNAPSHOT.policies, { name: 'sticky' }]
    const { client, server } = await setup(t, {
      server: { snapshot: { policies } },
      engine: { supports: { tools: true } },
    })
    const ask = (messages: ChatMessage[]) => client.chat.completions.create({ messages, conversationId: 'a' })
    await client.chat.completions.create({ messages, conversationId: 'a', complexity: 'complex' })
    const { route } = await ask(results)
    assert.deepEqual([route.source, route.reason], ['server', 'sticky'])
    assert.equal((await ask([...results, { role: 'user', content: 'thanks' }])).route.source, 'browser')
    assert.deepEqual(told(server).slice(1), [
      ['server', 'server'],
      [undefined, 'server'],
    ])
  })

  it('is followed in the page too', async (t) => {
    const policies: PolicySpec[] = [...SNAPSHOT.policies, { name: 'sticky', options: { conversations: true } }]
    const { client, server } = await setup(t, { server: { snapshot: { policies } }, engine: { cached: ['tiny'] } })
    await client.generate('one', { conversationId: 'a', force: 'server' })
    server.behaviour = { ...server.behaviour, routeStatus: 503 }
    const { route } = await client.generate('two', { conversationId: 'a' })
    assert.deepEqual([route.decidedBy, route.source, route.reason], ['page', 'server', 'sticky'])
  })

  it('is forgotten with its user', async (t) => {
    const { client, server } = await setup(t)
    await client.generate('one', { conversationId: 'a' })
    await client.dispose()
    await client.initialize()
    await client.generate('two', { conversationId: 'a' })
    assert.deepEqual(told(server).at(-1), [undefined, undefined])
  })
})

describe('what is known of a conversation', () => {
  const request = (fields: Partial<ChatRequest>): PreparedRequest => prepare({ messages, ...fields })

  it('gives way to what the caller says', () => {
    const conversations = new Conversations()
    conversations.answered(request({ conversationId: 'a' }), 'browser')
    const { info } = conversations.follow(request({ conversationId: 'a', messages: results, lastTarget: 'server' }))
    assert.deepEqual([info.inToolLoop, info.lastTarget], ['server', 'server'])
    const loop = conversations.follow(request({ conversationId: 'a', messages: results, inToolLoop: 'server' }))
    assert.deepEqual([loop.info.inToolLoop, loop.info.lastTarget], ['server', 'browser'])
  })

  it('is no guess', () => {
    const { info } = new Conversations().follow(request({ conversationId: 'a', messages: results }))
    assert.ok(!('inToolLoop' in info) && !('lastTarget' in info))
  })

  it('is kept for 256 of them, the latest asked', () => {
    const conversations = new Conversations()
    const lastOf = (id: number) => conversations.follow(request({ conversationId: `c-${id}` })).info.lastTarget
    for (let id = 0; id < 256; id++) conversations.answered(request({ conversationId: `c-${id}` }), 'browser')
    assert.equal(lastOf(0), 'browser')
    conversations.answered(request({ conversationId: 'c-256' }), 'server')
    assert.deepEqual([0, 1, 2, 256].map(lastOf), ['browser', undefined, 'browser', 'server'])
  })
})
