/** Whole answers, through the AI SDK's own functions. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { createProviderRegistry, type FilePart, generateText, jsonSchema, type ModelMessage, Output } from 'ai'
import { edgewise, routeOf } from '../../src/ai/index.ts'
import { LocalInferenceClient } from '../../src/client/local-client.ts'
import { isInvalidRequestError } from '../../src/errors/invalid-request-error.ts'
import { isNoTargetError } from '../../src/errors/no-target-error.ts'
import { isServerError } from '../../src/errors/server-error.ts'
import { FakeEngine } from '../../src/testing/fake-engine.ts'
import { testModel } from '../../src/testing/model.ts'
import { rejection, until } from '../client/setup.ts'
import { ANSWER, setup } from './setup.ts'

const ON_SERVER = { edgewise: { force: 'server' } } as const

describe('generateText', () => {
  it('answers on the device, and says how', async (t) => {
    const { client, engine, asked } = setup(t)
    const { text, finishReason, usage, response, providerMetadata, warnings } = await generateText({
      model: edgewise(client)('auto'),
      system: 'Be short.',
      prompt: 'Count.',
    })
    assert.deepEqual([text, finishReason, response.modelId], [ANSWER, 'stop', 'tiny'])
    const route = routeOf(providerMetadata)
    assert.deepEqual([route?.source, route?.model, route?.attempts.length], ['browser', 'tiny', 1])
    assert.deepEqual([usage.inputTokens, usage.outputTokens], [route?.promptTokens, 6])
    assert.deepEqual(warnings, [])
    assert.deepEqual(engine.requests[0]?.messages, [
      { role: 'system', content: 'Be short.' },
      { role: 'user', content: 'Count.' },
    ])
    assert.equal(asked().length, 0)
  })

  it('answers on the server, with the model that was named and all that the server counted', async (t) => {
    const server = { serves: ['server-model', 'big'], answer: { text: 'From afar', promptTokens: 11 } } as const
    const { client, asked, engine } = setup(t, { server })
    const model = edgewise(client).languageModel('big')
    const { text, usage, response } = await generateText({ model, prompt: 'hi', providerOptions: ON_SERVER })
    assert.deepEqual([text, response.modelId, asked()[0]?.model], ['From afar', 'big', 'big'])
    assert.deepEqual([usage.inputTokens, usage.outputTokens, usage.totalTokens], [11, 2, 13])
    assert.equal(engine.requests.length, 0)
  })

  it('hands over before there is text, and nobody need notice', async (t) => {
    const { client, asked } = setup(t, { engine: { faults: [{ does: 'fail', at: 'load' }] } })
    const { text, providerMetadata } = await generateText({ model: edgewise(client)(), prompt: 'hi' })
    const route = routeOf(providerMetadata)
    assert.deepEqual([text, route?.source, asked().length], [ANSWER, 'server', 1])
    assert.deepEqual(
      route?.attempts.map(({ target, outcome }) => `${target} ${outcome}`),
      ['browser failed', 'server ok'],
    )
  })

  it('names every way in which an answer may end', async (t) => {
    const { client, server } = setup(t)
    const model = edgewise(client)('auto', { force: 'server' })
    const ends = [
      ['stop', 'stop'],
      ['length', 'length'],
      ['content_filter', 'content-filter'],
      ['eos', 'other'],
    ] as const
    for (const [raw, unified] of ends) {
      server.answer = { text: 'So.', finishReason: raw as 'stop' }
      const { finishReason, rawFinishReason } = await generateText({ model, prompt: 'hi' })
      assert.deepEqual([finishReason, rawFinishReason], [unified, raw])
    }
    const { finishReason } = await generateText({ model: edgewise(client)(), prompt: 'hi', maxOutputTokens: 2 })
    assert.equal(finishReason, 'length')
  })

  it('passes on every setting that a chat request has a field for', async (t) => {
    const { client, asked } = setup(t)
    await generateText({
      model: edgewise(client)('auto', { force: 'server', complexity: 'simple' }),
      prompt: 'hi',
      maxOutputTokens: 9,
      temperature: 0.5,
      topP: 0.9,
      stopSequences: ['END'],
      seed: 4,
      presencePenalty: 0.1,
      frequencyPenalty: 0.2,
      reasoning: 'low',
      providerOptions: { edgewise: { conversationId: 'c-1', logit_bias: { 7: 1 }, extraBody: { top_k: 3 } } },
    })
    const [{ edgewise: _, ...body } = {}] = asked()
    assert.deepEqual(body, {
      model: 'auto',
      messages: [{ role: 'user', content: 'hi' }],
      max_tokens: 9,
      temperature: 0.5,
      top_p: 0.9,
      stop: ['END'],
      seed: 4,
      presence_penalty: 0.1,
      frequency_penalty: 0.2,
      reasoning_effort: 'low',
      logit_bias: { 7: 1 },
      top_k: 3,
      conversationId: 'c-1',
      stream: false,
    })
  })

  it('warns of what nobody will honour', async (t) => {
    const { client } = setup(t)
    const { warnings } = await generateText({
      model: edgewise(client)(),
      messages: [
        { role: 'user', content: 'hi' },
        {
          role: 'assistant',
          content: [
            { type: 'reasoning', text: 'Hm.' },
            { type: 'text', text: 'Hello.' },
          ],
        },
        { role: 'user', content: 'And now?' },
      ],
      topK: 5,
      headers: { 'x-key': '1' },
    })
    const features = warnings?.map((warning) => warning.type === 'unsupported' && warning.feature)
    assert.deepEqual(features, ['topK', 'headers', 'reasoning of an earlier answer'])
  })

  it('asks for JSON by its schema, where somebody can', async (t) => {
    const schema = jsonSchema<{ n: number }>({ type: 'object', properties: { n: { type: 'number' } } })
    const { client, engine, asked } = setup(t, { server: { answer: '{"n":7}' } })
    const given = { prompt: 'hi', output: Output.object({ schema, name: 'count' }) }
    const { output, providerMetadata } = await generateText({ model: edgewise(client)(), ...given })
    assert.deepEqual(output, { n: 7 })
    assert.equal(routeOf(providerMetadata)?.reason, 'feature_unsupported')
    const format = asked()[0]?.response_format
    assert.ok(format?.type === 'json_schema', String(format?.type))
    assert.deepEqual([format.json_schema.name, format.json_schema.strict], ['count', true])
    assert.deepEqual(format.json_schema.schema?.properties, { n: { type: 'number' } })
    const any = await generateText({ model: edgewise(client)(), prompt: 'hi', output: Output.json() })
    assert.deepEqual([any.output, asked()[1]?.response_format], [{ n: 7 }, { type: 'json_object' }])
    assert.equal(engine.requests.length, 0)
  })

  it('keeps a local-only prompt on the device, whatever fails', async (t) => {
    const { client, server } = setup(t, { engine: { faults: [{ does: 'fail', at: 'load' }] } })
    await client.initialize()
    const before = server.requests.length
    const model = edgewise(client, { privacy: 'local-only' })()
    assert.match(String(await rejection(generateText({ model, prompt: 'secret' }))), /broken on purpose/)
    const image: FilePart = { type: 'file', data: new URL('https://x.test/a.png'), mediaType: 'image' }
    const messages = [{ role: 'user', content: [image] } satisfies ModelMessage]
    assert.ok(isNoTargetError(await rejection(generateText({ model, messages }))))
    assert.equal(server.requests.length, before)
  })

  it('works with a client that has no server', async (t) => {
    const engine = new FakeEngine({ answer: ANSWER })
    const client = new LocalInferenceClient({ engines: [engine], models: [testModel()], storage: false })
    t.after(() => client.dispose())
    const { text } = await generateText({ model: edgewise(client)(), prompt: 'hi' })
    assert.equal(text, ANSWER)
  })

  it('throws what the client throws', async (t) => {
    const { client } = setup(t, { server: { faults: [{ does: 'fail', status: 400, path: '/chat/completions' }] } })
    const model = edgewise(client, { force: 'server' })()
    const error = await rejection(generateText({ model, prompt: 'hi' }))
    assert.ok(isServerError(error) && error.status === 400, String(error))
  })

  it('refuses a misspelt wish by its name', async (t) => {
    const { client, server } = setup(t)
    const providerOptions = { edgewise: { privcay: 'local-only' } }
    const error = await rejection(generateText({ model: edgewise(client)(), prompt: 'hi', providerOptions }))
    assert.ok(isInvalidRequestError(error) && error.param === 'privcay', String(error))
    assert.equal(server.requests.length, 0)
  })

  it('lets no provider option take the place of what the call says itself', async (t) => {
    const { client, engine } = setup(t)
    const providerOptions = { edgewise: { messages: [{ role: 'user', content: 'other' }], temperature: 1, seed: 3 } }
    await generateText({ model: edgewise(client)(), prompt: 'hi', temperature: 0, providerOptions })
    const [{ messages, temperature, seed } = {}] = engine.requests
    assert.deepEqual([messages, temperature, seed], [[{ role: 'user', content: 'hi' }], 0, 3])
  })

  it('stops with its signal', async (t) => {
    const { client, engine } = setup(t, { engine: { faults: [{ does: 'hang', at: 2 }] } })
    const controller = new AbortController()
    const model = edgewise(client)()
    const answer = rejection(generateText({ model, prompt: 'hi', abortSignal: controller.signal }))
    await until(() => engine.generated === 2)
    controller.abort()
    assert.equal(((await answer) as Error).name, 'AbortError')
    await until(() => engine.log.includes('stop tiny'))
  })
})

describe('the provider', () => {
  it('serves a registry of the SDK', async (t) => {
    const { client } = setup(t)
    const registry = createProviderRegistry({ edgewise: edgewise(client) })
    const { text } = await generateText({ model: registry.languageModel('edgewise:auto'), prompt: 'hi' })
    assert.equal(text, ANSWER)
  })

  it('has no models of other kinds', (t) => {
    const provider = edgewise(setup(t).client)
    assert.throws(() => provider.embeddingModel('e5'), isInvalidRequestError)
    assert.throws(() => provider.imageModel('flux'), /"flux"/)
  })
})
