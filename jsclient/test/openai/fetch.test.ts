/** The `openai` package's own client, answered by ours. */
import assert from 'node:assert/strict'
import { describe, it, type TestContext } from 'node:test'
import OpenAI from 'openai'
import { ChatCompletionStream } from 'openai/lib/ChatCompletionStream'
import { HybridInferenceClient } from '../../src/client/client.ts'
import { openaiFetch } from '../../src/openai/index.ts'
import { FakeEngine, type FakeEngineOptions } from '../../src/testing/fake-engine.ts'
import { FakeServer, type FakeServerOptions } from '../../src/testing/fake-server.ts'
import { rejection, until } from '../client/setup.ts'

const messages = [{ role: 'user' as const, content: 'hi' }]
const HERE = 'Hello from here'
const AFAR = 'Hello from afar'

function setup(t: TestContext, given: { engine?: FakeEngineOptions; server?: FakeServerOptions } = {}) {
  const server = new FakeServer(given.server)
  const engine = new FakeEngine({ cached: ['tiny'], ...given.engine })
  const { baseURL, fetch } = server
  const client = new HybridInferenceClient({ baseURL, fetch, engines: [engine], storage: false, reports: false })
  t.after(() => client.dispose())
  const asked: string[] = []
  const counted: typeof globalThis.fetch = (input, init) => {
    asked.push(String(input))
    return openaiFetch(client)(input, init)
  }
  const openai = new OpenAI({ fetch: counted, apiKey: 'unused', baseURL: 'https://edgewise.invalid/v1' })
  return { server, engine, client, openai, asked }
}

describe("OpenAI's client over ours", () => {
  it('is answered in the page, and told how', async (t) => {
    const { openai, server } = setup(t)
    const completion = await openai.chat.completions.create({ model: 'auto', messages })
    assert.equal(completion.choices[0]?.message.content, HERE)
    const { route } = completion as unknown as { route: { source: string } }
    assert.equal(route.source, 'browser')
    assert.deepEqual(server.bodies('/chat/completions'), [])
  })

  it('is answered by the server where that is decided', async (t) => {
    const { openai, server } = setup(t)
    const wish = { model: 'server-model', messages, complexity: 'complex' }
    const completion = await openai.chat.completions.create(wish as OpenAI.ChatCompletionCreateParamsNonStreaming)
    assert.deepEqual([completion.choices[0]?.message.content, completion.model], [AFAR, 'server-model'])
    assert.equal(server.bodies('/chat/completions').length, 1)
  })

  it('gets a stream, and its usage where it asks for it', async (t) => {
    const { openai } = setup(t)
    const stream_options = { include_usage: true }
    const stream = await openai.chat.completions.create({ model: 'auto', messages, stream: true, stream_options })
    let text = ''
    let usage: OpenAI.CompletionUsage | null | undefined
    for await (const chunk of stream) {
      text += chunk.choices[0]?.delta.content ?? ''
      usage = chunk.usage ?? usage
    }
    assert.deepEqual([text, usage?.completion_tokens], [HERE, 3])
  })

  it('gathers the stream by its own helper', async (t) => {
    const { openai } = setup(t)
    const stream = openai.chat.completions.stream({ model: 'auto', messages })
    const deltas: string[] = []
    stream.on('content', (delta) => deltas.push(delta))
    const completion = await stream.finalChatCompletion()
    assert.deepEqual([deltas.join(''), completion.choices[0]?.finish_reason], [HERE, 'stop'])
    assert.equal(await stream.finalContent(), HERE)
  })

  it('runs tools by its own helper', async (t) => {
    const call = { id: 'c1', type: 'function' as const, function: { name: 'time', arguments: '{"zone":"UTC"}' } }
    const answer: FakeServerOptions['answer'] = ({ messages }) =>
      messages.at(-1)?.role === 'tool' ? 'It is noon.' : { toolCalls: [call] }
    const { openai, server } = setup(t, { server: { answer } })
    const zones: string[] = []
    const runner = openai.chat.completions.runTools({
      model: 'auto',
      messages,
      tools: [
        {
          type: 'function',
          function: {
            name: 'time',
            description: 'The time in a zone.',
            parameters: { type: 'object', properties: { zone: { type: 'string' } } },
            parse: JSON.parse,
            function: ({ zone }: { zone: string }) => {
              zones.push(zone)
              return '12:00'
            },
          },
        },
      ],
    })
    assert.equal(await runner.finalContent(), 'It is noon.')
    assert.deepEqual([zones, server.bodies('/chat/completions').length], [['UTC'], 2])
  })

  it('lists the models', async (t) => {
    const { openai } = setup(t)
    const ids: string[] = []
    for await (const { id } of openai.models.list()) ids.push(id)
    assert.deepEqual(ids, ['auto', 'tiny'])
  })

  it('stops the work when it aborts', async (t) => {
    const { openai, engine } = setup(t, { engine: { tokenMs: 5, answer: 'word '.repeat(1000) } })
    const stream = await openai.chat.completions.create({ model: 'auto', messages, stream: true })
    for await (const chunk of stream) if (chunk.choices[0]?.delta.content) break
    await until(() => engine.log.includes('stop tiny'))
    const controller = new AbortController()
    const asked = rejection(openai.chat.completions.create({ model: 'auto', messages }, { signal: controller.signal }))
    await until(() => engine.requests.length === 2)
    controller.abort()
    assert.ok((await asked) instanceof OpenAI.APIUserAbortError)
  })
})

describe('what fails', () => {
  for (const [what, body, status, code, param, tries] of [
    ['a field that nobody knows', { top_kk: 1 }, 400, 'invalid_value', 'top_kk', 1],
    ['a request that is none', { messages: [] }, 400, 'invalid_value', 'messages', 1],
    ['what nobody may answer', { privacy: 'local-only', force: 'server' }, 503, 'local_only_unavailable', null, 1],
  ] as const) {
    it(`is an error of its kind: ${what}`, async (t) => {
      const { openai, asked } = setup(t)
      const request = { model: 'auto', messages, ...body } as unknown as OpenAI.ChatCompletionCreateParamsNonStreaming
      const error = await rejection(openai.chat.completions.create(request))
      assert.ok(error instanceof OpenAI.APIError, String(error))
      assert.deepEqual([error.status, error.code, error.param, asked.length], [status, code, param, tries])
    })
  }

  it('has the status of the server that refused', async (t) => {
    const faults = [{ does: 'fail', path: '/chat/completions', status: 403 }] as const
    const { openai } = setup(t, { server: { faults } })
    const request = { model: 'auto', messages, force: 'server' }
    const error = await rejection(
      openai.chat.completions.create(request as OpenAI.ChatCompletionCreateParamsNonStreaming),
    )
    assert.ok(error instanceof OpenAI.PermissionDeniedError, String(error))
  })

  it('before the first chunk has a status, too', async (t) => {
    const { openai, client } = setup(t, { engine: { faults: [{ does: 'fail', at: 'load', code: 'out_of_memory' }] } })
    await client.initialize()
    const request = { model: 'auto', messages, privacy: 'local-only', stream: true }
    const error = await rejection(openai.chat.completions.create(request as OpenAI.ChatCompletionCreateParamsStreaming))
    assert.ok(error instanceof OpenAI.InternalServerError && error.status === 503, String(error))
    assert.equal(error.code, 'out_of_memory')
  })

  it('in mid-stream ends it with an error, and says nothing twice', async (t) => {
    const { openai } = setup(t, { engine: { faults: [{ does: 'fail', at: 1, code: 'out_of_memory' }] } })
    const stream = await openai.chat.completions.create({ model: 'auto', messages, stream: true })
    let text = ''
    const error = await rejection(
      (async () => {
        for await (const { choices } of stream) text += choices[0]?.delta.content ?? ''
      })(),
    )
    assert.equal(text, 'Hello')
    assert.ok(error instanceof OpenAI.APIError && error.code === 'stream_interrupted', String(error))
  })

  it('that is our own mistake is no response', async () => {
    const broken = { initialize: () => Promise.reject(new RangeError('oops')) } as unknown as HybridInferenceClient
    await assert.rejects(openaiFetch(broken)('https://edgewise.invalid/v1/models'), RangeError)
  })

  for (const [method, path, body, status] of [
    ['GET', '/chat/completions', undefined, 404],
    ['POST', '/embeddings', '{}', 404],
    ['POST', '/chat/completions', '{', 400],
    ['POST', '/chat/completions', '[]', 400],
  ] as const) {
    it(`is told of: ${method} ${path} ${body ?? ''}`, async (t) => {
      const { client } = setup(t)
      const response = await openaiFetch(client)(`https://edgewise.invalid/v1${path}`, { method, body: body ?? null })
      assert.equal(response.status, status)
      assert.equal((await response.json()).error.type, 'invalid_request_error')
    })
  }
})

describe('a stream as lines of JSON', () => {
  it('is read by OpenAI’s own helper', async (t) => {
    const { client } = setup(t)
    const stream = await client.chat.completions.create({ messages, stream: true })
    const gathered = ChatCompletionStream.fromReadableStream(stream.toReadableStream())
    assert.equal(await gathered.finalContent(), HERE)
    assert.equal((await stream.route).source, 'browser')
  })

  it('stops the work when it is cancelled, also while a chunk is awaited', async (t) => {
    const { client, engine } = setup(t, { engine: { faults: [{ does: 'hang', at: 1 }] } })
    const stream = await client.chat.completions.create({ messages, stream: true })
    const reader = stream.toReadableStream().getReader()
    await reader.read()
    const waiting = reader.read()
    await reader.cancel()
    assert.equal((await waiting).done, true)
    await until(() => engine.log.includes('stop tiny'))
  })
})
