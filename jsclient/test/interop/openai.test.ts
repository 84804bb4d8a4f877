/** OpenAI's own client against the running demo, unchanged but for its base URL. */
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import OpenAI from 'openai'
import { buildDemo, type Demo, type DemoBuild } from '../browser/demo-program.ts'

const MODEL = 'edgewise-tiny-v1'
const ANSWER = 'The capital of France is Paris.'
const messages = [{ role: 'user' as const, content: 'What is the capital of France?' }]

describe("OpenAI's client", () => {
  let build: DemoBuild
  let demo: Demo
  let client: OpenAI
  before(async () => {
    build = await buildDemo()
    demo = await build.start()
    client = new OpenAI({ baseURL: `${demo.origin}/api/v1`, apiKey: 'none', maxRetries: 0 })
  })
  after(async () => {
    await demo.stop()
    await build[Symbol.asyncDispose]()
  })

  test('lists the models', async () => {
    const models: string[] = []
    for await (const { id, object } of client.models.list()) models.push(`${object} ${id}`)
    assert.deepEqual(models, [`model ${MODEL}`])
  })

  test('gets an answer', async () => {
    const completion = await client.chat.completions.create({ model: 'auto', messages })
    assert.equal(completion.object, 'chat.completion')
    assert.equal(completion.model, MODEL)
    assert.match(completion.id, /^chatcmpl-/)
    const [choice] = completion.choices
    assert.deepEqual([choice?.index, choice?.finish_reason], [0, 'stop'])
    assert.deepEqual([choice?.message.role, choice?.message.content], ['assistant', ANSWER])
    assert.deepEqual(completion.usage, { prompt_tokens: 18, completion_tokens: 12, total_tokens: 30 })
  })

  test('gets a stream', async () => {
    const stream = await client.chat.completions.create({ model: 'auto', messages, stream: true })
    let text = ''
    const ends: string[] = []
    const heads = new Set<string>()
    for await (const { id, created, model, object, choices, usage } of stream) {
      heads.add([id, created, model, object].join())
      assert.equal(usage ?? undefined, undefined, 'usage unasked')
      text += choices[0]?.delta.content ?? ''
      if (choices[0]?.finish_reason) ends.push(choices[0].finish_reason)
    }
    assert.equal(text, ANSWER)
    assert.deepEqual(ends, ['stop'])
    assert.equal(heads.size, 1, 'all chunks are of one answer')
  })

  test('gets the usage of a stream when it asks for it', async () => {
    const stream_options = { include_usage: true }
    const stream = await client.chat.completions.create({ model: MODEL, messages, stream: true, stream_options })
    const chunks: OpenAI.ChatCompletionChunk[] = []
    for await (const chunk of stream) chunks.push(chunk)
    const last = chunks.pop()
    assert.deepEqual(last?.choices, [])
    assert.deepEqual(last?.usage, { prompt_tokens: 18, completion_tokens: 12, total_tokens: 30 })
    assert.ok(chunks.every(({ usage }) => !usage))
  })

  test('its stream helper puts the answer together', async () => {
    const runner = client.chat.completions.stream({ model: MODEL, messages, max_completion_tokens: 4 })
    const completion = await runner.finalChatCompletion()
    assert.equal(completion.choices[0]?.finish_reason, 'length')
    assert.ok(ANSWER.startsWith(completion.choices[0]?.message.content ?? ANSWER))
  })

  test('aborts a stream, and the next answer is whole', async () => {
    const count = [{ role: 'user' as const, content: 'Count from 1 to 60' }]
    const stream = await client.chat.completions.create({ model: MODEL, messages: count, stream: true })
    let chunks = 0
    for await (const chunk of stream) {
      if (chunk.choices[0]?.delta.content && ++chunks === 3) stream.controller.abort()
    }
    assert.ok(chunks >= 3 && chunks < 230, `${chunks} chunks`)
    const next = await client.chat.completions.create({ model: MODEL, messages })
    assert.equal(next.choices[0]?.message.content, ANSWER)
  })

  test('aborts a request', async () => {
    const abort = AbortSignal.abort()
    await assert.rejects(
      client.chat.completions.create({ model: MODEL, messages }, { signal: abort }),
      OpenAI.APIUserAbortError,
    )
  })

  describe('knows our errors for its own', () => {
    const failure = async (request: object) => {
      const body = { model: MODEL, messages, ...request } as OpenAI.ChatCompletionCreateParamsNonStreaming
      try {
        await client.chat.completions.create(body)
      } catch (error) {
        if (error instanceof OpenAI.APIError) return error
        throw error
      }
      return assert.fail('no error')
    }

    test('an unknown model', async () => {
      const error = await failure({ model: 'gpt-9' })
      assert.ok(error instanceof OpenAI.NotFoundError)
      const { status, code, type, param } = error
      assert.deepEqual([status, code, type, param], [404, 'model_not_found', 'invalid_request_error', 'model'])
    })

    test('a request that can not be meant', async () => {
      const error = await failure({ messages: [] })
      assert.ok(error instanceof OpenAI.BadRequestError)
      const { status, code, type, param } = error
      assert.deepEqual([status, code, type, param], [400, 'invalid_value', 'invalid_request_error', 'messages'])
    })

    test('what the model can not do', async () => {
      const error = await failure({ tools: [{ type: 'function', function: { name: 'f', parameters: {} } }] })
      assert.ok(error instanceof OpenAI.BadRequestError)
      assert.equal(error.param, 'tools')
    })

    test('a prompt that is too long', async () => {
      const error = await failure({ messages: [{ role: 'user', content: 'word '.repeat(600) }] })
      assert.ok(error instanceof OpenAI.BadRequestError)
      assert.equal(error.code, 'context_length_exceeded')
    })

    test('a stream that never begins', async () => {
      const request = client.chat.completions.create({ model: 'gpt-9', messages, stream: true })
      await assert.rejects(request, OpenAI.NotFoundError)
    })
  })
})
