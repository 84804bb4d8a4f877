/** Answers of a chat, read with the AI SDK's own reader of messages. */
import assert from 'node:assert/strict'
import { describe, it, type TestContext } from 'node:test'
import { readUIMessageStream, safeValidateUIMessages, type UIMessage } from 'ai'
import { convertReadableStreamToArray } from 'ai/test'
import {
  EdgewiseChatTransport,
  type EdgewiseChatTransportOptions,
  type EdgewiseUIMessage,
  type SendMessagesOptions,
} from '../../src/ai/index.ts'
import { isInvalidRequestError } from '../../src/errors/invalid-request-error.ts'
import { rejection, until } from '../client/setup.ts'
import { ANSWER, CONTINUES, callsHere, dies, type Given, setup, textOf, WEATHER } from './setup.ts'

type Sent = Partial<SendMessagesOptions<EdgewiseUIMessage>>

/** What the transport is asked for by a chat whose user said "hi". */
function send(transport: EdgewiseChatTransport, sent: Sent = {}) {
  return transport.sendMessages({
    trigger: 'submit-message',
    chatId: 'chat-7',
    messageId: undefined,
    messages: [user('hi')],
    abortSignal: undefined,
    ...sent,
  })
}

function user(text: string): EdgewiseUIMessage {
  return { id: text, role: 'user', parts: [{ type: 'text', text }] }
}

type Options = Omit<EdgewiseChatTransportOptions, 'client'>

function transportOf(t: TestContext, given: Given = {}, options: Options = {}) {
  const { client, ...rest } = setup(t, given)
  return { client, transport: new EdgewiseChatTransport({ client, ...options }), ...rest }
}

type Chunks = Awaited<ReturnType<typeof send>>

/** The chunks, and what the SDK makes of them. */
async function read(stream: Chunks) {
  const [first, second] = stream.tee()
  const [chunks, message] = await Promise.all([convertReadableStreamToArray(first), messageOf(second)])
  const kinds = chunks.map(({ type }) => type)
  return { chunks, kinds: kinds.filter((kind, i) => kind !== kinds[i - 1]), message }
}

async function messageOf(stream: Chunks): Promise<EdgewiseUIMessage | undefined> {
  let last: EdgewiseUIMessage | undefined
  // Errors are looked at where they are: among the chunks.
  for await (const message of readUIMessageStream<EdgewiseUIMessage>({ stream, onError: () => {} })) last = message
  return last
}

const TEXT = ['text-start', 'text-delta', 'text-end']
const END = ['data-edgewise-route', 'finish-step', 'finish']

describe('an answer of the chat transport', () => {
  it('is a message that says how it came about', async (t) => {
    const { transport, asked } = transportOf(t)
    const { kinds, chunks, message } = await read(await send(transport))
    const begins = ['start', 'start-step', 'data-edgewise-progress']
    assert.deepEqual(kinds, [...begins, ...TEXT, ...END])
    assert.equal(textOf(message), ANSWER)
    const route = message?.metadata?.edgewise
    assert.deepEqual([route?.source, route?.model, asked().length], ['browser', 'tiny', 0])
    const finish = chunks.at(-1)
    assert.equal(finish?.type === 'finish' && finish.finishReason, 'stop')
    assert.ok((await safeValidateUIMessages({ messages: [message] })).success)
  })

  it('has the record of its route as a part, and the progress of the load in none', async (t) => {
    const { transport } = transportOf(t, { engine: { downloadSteps: 4 } })
    const { chunks, message } = await read(await send(transport))
    const progress = chunks.flatMap((chunk) => (chunk.type === 'data-edgewise-progress' ? [chunk] : []))
    assert.ok(progress.length > 1, `${progress.length} chunks tell of the load`)
    assert.ok(progress.every(({ transient, data }) => transient && data.model === 'tiny'))
    const fractions = progress.map(({ data }) => data.progress)
    assert.deepEqual(
      fractions,
      [...fractions].sort((a, b) => a - b),
    )
    const data = message?.parts.filter(({ type }) => type.startsWith('data-'))
    assert.deepEqual(data, [
      {
        type: 'data-edgewise-route',
        id: message?.metadata?.edgewise?.decisionId,
        data: message?.metadata?.edgewise,
      },
    ])
  })

  it('comes from the server where that is wished', async (t) => {
    const { transport, asked } = transportOf(t, {}, { request: { force: 'server' } })
    const { kinds, message } = await read(await send(transport))
    assert.deepEqual(kinds, ['start', 'start-step', ...TEXT, ...END])
    assert.deepEqual([textOf(message), message?.metadata?.edgewise?.source], [ANSWER, 'server'])
    assert.equal(asked().length, 1)
  })

  it('goes on at the server in the same text, where that can go on', async (t) => {
    const { transport } = transportOf(t, { engine: dies(3), server: CONTINUES })
    const { kinds, message } = await read(await send(transport))
    assert.ok(!kinds.includes('reset-step'))
    assert.equal(textOf(message), ANSWER)
    assert.equal(message?.parts.filter(({ type }) => type === 'text').length, 1)
    assert.equal(message.metadata?.edgewise?.attempts.at(-1)?.continued, true)
  })

  it('begins anew in its place, where nobody can go on', async (t) => {
    const { transport } = transportOf(t, { engine: dies(3) })
    const { kinds, message } = await read(await send(transport))
    const broken = ['text-start', 'text-delta', 'reset-step']
    assert.deepEqual(kinds.slice(kinds.indexOf('text-start')), [...broken, ...TEXT, ...END])
    assert.equal(textOf(message), ANSWER)
    assert.equal(message?.metadata?.edgewise?.source, 'server')
  })

  it('keeps its text and fails, where it may not begin anew', async (t) => {
    const errors: unknown[] = []
    const onError = (error: unknown): string => `Failure ${errors.push(error)}`
    const { transport } = transportOf(t, { engine: dies(3) }, { request: { handover: 'fail' }, onError })
    const { chunks, kinds, message } = await read(await send(transport))
    assert.deepEqual(kinds.slice(-2), ['text-end', 'error'])
    assert.deepEqual(chunks.at(-1), { type: 'error', errorText: 'Failure 1' })
    assert.deepEqual([textOf(message), errors.length], ['one two three', 1])
  })

  it('of which nothing came is an error, in the words of the client', async (t) => {
    const { transport } = transportOf(t, { server: { faults: [{ does: 'fail', status: 400 }] } })
    const { chunks, kinds } = await read(await send(transport, { body: { force: 'server' } }))
    assert.deepEqual(kinds, ['start', 'start-step', 'error'])
    const failure = chunks.at(-1)
    assert.match(failure?.type === 'error' ? failure.errorText : '', /Broken on purpose/)
  })
})

describe('a chat that is stopped', () => {
  const HANGS: Given = { engine: { faults: [{ does: 'hang', at: 2 }] } }

  it('by its signal keeps what there is, and lets the engine go', async (t) => {
    const { transport, engine, client } = transportOf(t, HANGS)
    const controller = new AbortController()
    const reading = read(await send(transport, { abortSignal: controller.signal }))
    await until(() => engine.generated === 2)
    controller.abort()
    const { kinds, message } = await reading
    assert.deepEqual([kinds.at(-1), textOf(message)], ['abort', 'one two'])
    await until(() => engine.log.includes('stop tiny'))
    assert.equal(client.getSnapshot().active, 0)
  })

  it('by its reader lets the engine go too', async (t) => {
    const { transport, engine, client } = transportOf(t, HANGS)
    const reader = (await send(transport)).getReader()
    const pending = (async () => {
      while (!(await reader.read()).done);
    })()
    await until(() => engine.generated === 2)
    await reader.cancel()
    await pending
    await until(() => engine.log.includes('stop tiny'))
    assert.equal(client.getSnapshot().active, 0)
  })

  it('while its model loads tells no more of the load', async (t) => {
    const { transport, engine } = transportOf(t, { engine: { faults: [{ does: 'hang', at: 'load' }] } })
    const controller = new AbortController()
    const reading = read(await send(transport, { abortSignal: controller.signal }))
    await until(() => engine.log.includes('load tiny'))
    controller.abort()
    const { kinds, message } = await reading
    assert.deepEqual([kinds.at(-1), textOf(message)], ['abort', ''])
  })

  it('is never gone on with: an answer ends with its page', async (t) => {
    assert.equal(await transportOf(t).transport.reconnectToStream(), null)
  })
})

describe('what a chat asks for', () => {
  it('has its own messages, the system message before them, and the fields of all requests', async (t) => {
    const { transport, engine } = transportOf(t, {}, { system: 'Be short.', request: { temperature: 0.25 } })
    const messages = [user('hi'), { id: 'a', role: 'assistant', parts: [{ type: 'text', text: 'Hi!' }] }, user('So?')]
    await read(await send(transport, { messages: messages as EdgewiseUIMessage[] }))
    const [request] = engine.requests
    assert.equal(request?.temperature, 0.25)
    assert.deepEqual(request.messages, [
      { role: 'system', content: 'Be short.' },
      { role: 'user', content: 'hi' },
      { role: 'assistant', content: 'Hi!' },
      { role: 'user', content: 'So?' },
    ])
  })

  it('lets the body of one message win over them', async (t) => {
    const request = ({ chatId }: { chatId: string }) => ({ seed: chatId.length, temperature: 1 })
    const { transport, engine } = transportOf(t, {}, { request })
    await read(await send(transport, { body: { temperature: 0 } }))
    assert.deepEqual([engine.requests[0]?.seed, engine.requests[0]?.temperature], [6, 0])
  })

  it('belongs to the conversation of the chat, or to one that is named', async (t) => {
    const { transport, client } = transportOf(t)
    const ids: unknown[] = []
    const stream = client.stream.bind(client)
    client.stream = (request, options) => {
      ids.push((request as { conversationId?: unknown }).conversationId)
      return stream(request, options)
    }
    await read(await send(transport))
    await read(await send(transport, { body: { conversationId: 'other' } }))
    assert.deepEqual(ids, ['chat-7', 'other'])
  })

  it('is refused before anything is sent, where it can not be meant', async (t) => {
    const { transport, asked, engine } = transportOf(t)
    const wrong: [string, Sent][] = [
      ['headers', { headers: { authorization: 'mine' } }],
      ['privaci', { body: { privaci: 'local-only' } }],
      [
        'messages',
        { messages: [{ id: 'f', role: 'user', parts: [{ type: 'file', mediaType: 'video/mp4', url: 'x' }] }] },
      ],
    ]
    for (const [param, sent] of wrong) {
      const error = await rejection(send(transport, sent).then(read))
      assert.ok(isInvalidRequestError(error), `${param}: ${error}`)
      assert.equal(error.param, param)
    }
    assert.deepEqual([asked().length, engine.requests.length], [0, 0])
  })
})

describe('tools of a chat', () => {
  const parameters = { type: 'object', properties: { city: { type: 'string' } } }
  const tools: Options['tools'] = [{ type: 'function', function: { name: 'weather', parameters } }]
  const answer: Given = callsHere(({ messages }) => {
    const result = messages.find(({ role }) => role === 'tool')
    return result ? `It is ${result.content}` : { toolCalls: [WEATHER] }
  })

  it('are called in the message, and told of the outcome in the next request', async (t) => {
    const { transport, engine } = transportOf(t, answer, { tools })
    const { chunks, message } = await read(await send(transport))
    const call = chunks.find((chunk) => chunk.type === 'tool-input-available')
    assert.deepEqual(call, {
      type: 'tool-input-available',
      toolCallId: 'call-1',
      toolName: 'weather',
      input: { city: 'Bern' },
    })
    assert.deepEqual(engine.requests[0]?.tools, tools)
    const parts = message?.parts.map((part) =>
      part.type === 'tool-weather' ? { ...part, state: 'output-available', output: { celsius: 7 } } : part,
    )
    const messages = [user('hi'), { ...message, parts }] as EdgewiseUIMessage[]
    const second = await read(await send(transport, { messages }))
    assert.equal(textOf(second.message), 'It is {"celsius":7}')
    assert.deepEqual(engine.requests[1]?.messages.slice(1), [
      { role: 'assistant', content: null, tool_calls: [WEATHER] },
      { role: 'tool', tool_call_id: 'call-1', content: '{"celsius":7}' },
    ])
  })

  it('whose input is no JSON are failed calls', async (t) => {
    const broken = { ...WEATHER, function: { name: 'weather', arguments: '{"city":' } }
    const { transport } = transportOf(
      t,
      callsHere(() => ({ toolCalls: [broken] })),
      { tools },
    )
    const { chunks } = await read(await send(transport))
    const [failed] = chunks.filter((chunk) => chunk.type === 'tool-input-error')
    assert.deepEqual(failed && [failed.toolName, failed.input], ['weather', '{"city":'])
  })
})

describe('the messages of a chat', () => {
  type Part = UIMessage['parts'][number]
  const told = async (t: TestContext, parts: unknown[], role: UIMessage['role'] = 'assistant') => {
    const { transport, server } = transportOf(t, {}, { request: { force: 'server' } })
    const messages = [{ id: 'm', role, parts: parts as Part[] }, user('So?')] as EdgewiseUIMessage[]
    await read(await send(transport, { messages }))
    return server.bodies<{ messages: unknown[] }>('/chat/completions')[0]?.messages.slice(0, -1)
  }
  const call = { type: 'tool-weather', toolCallId: 'c', input: { city: 'Bern' } }
  const called = {
    role: 'assistant',
    content: null,
    tool_calls: [{ id: 'c', type: 'function', function: { name: 'weather', arguments: '{"city":"Bern"}' } }],
  }
  const outcome = (content: string) => [called, { role: 'tool', tool_call_id: 'c', content }]

  it('are asked for step by step', async (t) => {
    const step = { type: 'step-start' }
    const done = { ...call, state: 'output-available', output: 'Rain' }
    const messages = await told(t, [step, done, step, { type: 'text', text: 'It rains.' }])
    assert.deepEqual(messages, [...outcome('Rain'), { role: 'assistant', content: 'It rains.' }])
  })

  const outcomes: [string, object, string][] = [
    ['that failed', { state: 'output-error', errorText: 'No network' }, 'No network'],
    ['that the user refused', { state: 'output-denied', approval: { id: 'x', approved: false, reason: 'No!' } }, 'No!'],
    [
      'that was refused in silence',
      { state: 'output-denied', approval: { id: 'x', approved: false } },
      'The user said no.',
    ],
    ['that gave nothing', { state: 'output-available', output: undefined }, 'null'],
    [
      'that is known by name alone',
      { type: 'dynamic-tool', toolName: 'weather', state: 'output-available', output: 1 },
      '1',
    ],
  ]
  for (const [which, part, content] of outcomes) {
    it(`tell of a call ${which}`, async (t) => {
      assert.deepEqual(await told(t, [{ ...call, ...part }]), outcome(content))
    })
  }

  it('leave out what no model is told', async (t) => {
    const parts = [
      { type: 'reasoning', text: 'Hm.' },
      { type: 'source-url', sourceId: 's', url: 'https://example.com/' },
      { type: 'data-edgewise-route', data: {} },
      { ...call, state: 'input-available' },
      { ...call, state: 'output-available', output: 'begins', preliminary: true },
    ]
    assert.deepEqual(await told(t, parts), [])
    assert.deepEqual(await told(t, [], 'user'), [])
  })

  it('have images, and files of text as text', async (t) => {
    const image = 'data:image/png;base64,AAAA'
    const parts = [
      { type: 'text', text: 'Look:' },
      { type: 'file', mediaType: 'image/png', url: image },
      { type: 'file', mediaType: 'text/plain', url: `data:text/plain;base64,${btoa('A note.')}` },
    ]
    assert.deepEqual(await told(t, parts, 'user'), [
      {
        role: 'user',
        content: [
          { type: 'text', text: 'Look:' },
          { type: 'image_url', image_url: { url: image } },
          { type: 'text', text: 'A note.' },
        ],
      },
    ])
  })

  it('may have the system message among them', async (t) => {
    const [system] = (await told(t, [{ type: 'text', text: 'Be short.' }], 'system')) ?? []
    assert.deepEqual(system, { role: 'system', content: 'Be short.' })
  })
})
