/** Tools: the SDK runs them, whoever asks for them. */
import assert from 'node:assert/strict'
import { describe, it, type TestContext } from 'node:test'
import { generateText, isStepCount, streamText, type ToolSet } from 'ai'
import { convertReadableStreamToArray } from 'ai/test'
import { edgewise, routeOf } from '../../src/ai/index.ts'
import type { FakeServerOptions } from '../../src/testing/fake-server.ts'
import { clientOf } from './chunks-client.ts'
import { callsHere, callsOnce, type Given, setup, TOOLS, WEATHER } from './setup.ts'

const PLACES = [
  { name: 'on the device', given: callsHere(callsOnce), source: 'browser' },
  { name: 'on the server', given: { server: { answer: callsOnce } }, source: 'server' },
] as const

const ENDS = 'It is {"city":"Bern","celsius":7}'
const LOOP = { tools: TOOLS, stopWhen: isStepCount(3), prompt: 'What is the weather in Bern?' }

/** What the place was asked, the second time. */
function secondOf(t: TestContext, given: Given) {
  const { client, engine, asked } = setup(t, given)
  const seen = () => [...engine.requests, ...asked()]
  return { model: edgewise(client)(), seen }
}

describe('a tool loop', () => {
  for (const { name, given, source } of PLACES) {
    it(`of generateText runs to its end ${name}`, async (t) => {
      const { model, seen } = secondOf(t, given)
      const { text, steps, providerMetadata } = await generateText({ model, ...LOOP })
      assert.deepEqual([text, steps.length, routeOf(providerMetadata)?.source], [ENDS, 2, source])
      const [first] = steps
      assert.equal(first?.finishReason, 'tool-calls')
      assert.deepEqual(
        first.toolCalls.map(({ input }) => input),
        [{ city: 'Bern' }],
      )
      const [, second] = seen()
      assert.deepEqual(second?.messages.slice(1), [
        { role: 'assistant', content: null, tool_calls: [WEATHER] },
        { role: 'tool', tool_call_id: 'call-1', content: '{"city":"Bern","celsius":7}' },
      ])
    })

    it(`of streamText runs to its end ${name}`, async (t) => {
      const { model, seen } = secondOf(t, given)
      const result = streamText({ model, ...LOOP })
      const parts: string[] = []
      for await (const { type } of result.fullStream) parts.push(type)
      assert.equal(await result.text, ENDS)
      const calls = parts.filter((type) => type.startsWith('tool-'))
      assert.deepEqual(calls, ['tool-input-start', 'tool-input-delta', 'tool-input-end', 'tool-call', 'tool-result'])
      assert.equal(seen().length, 2)
    })
  }
})

describe('the tools of a call', () => {
  it('are told with their schemas, and which of them must be called', async (t) => {
    const answer: FakeServerOptions['answer'] = ({ tool_choice }) =>
      tool_choice === 'none' ? 'So be it.' : { toolCalls: [WEATHER] }
    const { client, asked } = setup(t, { server: { answer } })
    const model = edgewise(client)()
    for (const toolChoice of ['auto', 'none', 'required', { type: 'tool', toolName: 'weather' }] as const) {
      await generateText({ model, prompt: 'hi', tools: TOOLS, toolChoice })
    }
    const [{ tools } = {}] = asked()
    const [definition] = tools ?? []
    assert.deepEqual(
      [definition?.function.name, definition?.function.description],
      ['weather', 'The weather of a city.'],
    )
    assert.deepEqual(definition?.function.parameters?.required, ['city'])
    const named = { type: 'function', function: { name: 'weather' } }
    assert.deepEqual(
      asked().map(({ tool_choice }) => tool_choice),
      ['auto', 'none', 'required', named],
    )
  })

  it('that belong to another provider are left out with a warning', async (t) => {
    const { client, engine } = setup(t)
    const foreign = { type: 'provider', id: 'acme.search', isProviderExecuted: true, args: {}, inputSchema: {} }
    const tools = { search: foreign } as unknown as ToolSet
    const { warnings } = await generateText({ model: edgewise(client)(), prompt: 'hi', tools })
    assert.deepEqual(warnings, [{ type: 'unsupported', feature: 'tool acme.search' }])
    assert.equal(engine.requests[0]?.tools, undefined)
  })
})

describe('a streamed call', () => {
  it('is put together from its pieces, with others between them', async () => {
    const client = clientOf([
      { tool_calls: [{ index: 0, id: 'a', type: 'function', function: { name: 'f', arguments: '' } }] },
      { tool_calls: [{ index: 1, function: { name: 'g', arguments: '{"y"' } }] },
      {
        tool_calls: [
          { index: 0, function: { arguments: '{"x":' } },
          { index: 1, function: { arguments: ':2}' } },
        ],
      },
      { tool_calls: [{ index: 0, function: { arguments: '1}' } }] },
      { tool_calls: [{ index: 2, id: 'c', function: { name: 'h' } }] },
    ])
    const { stream } = await edgewise(client)().doStream({ prompt: [] })
    const parts = await convertReadableStreamToArray(stream)
    const calls = parts.filter((part) => part.type === 'tool-call')
    assert.deepEqual(
      calls.map(({ toolCallId, toolName, input }) => [toolCallId, toolName, input]),
      [
        ['a', 'f', '{"x":1}'],
        ['chat-1-1', 'g', '{"y":2}'],
        ['c', 'h', '{}'],
      ],
    )
    const deltas = parts.flatMap((part) => (part.type === 'tool-input-delta' && part.id === 'a' ? [part.delta] : []))
    assert.deepEqual(deltas, ['{"x":', '1}'])
  })
})
