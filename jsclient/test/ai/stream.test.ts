/** Streamed answers, through the AI SDK's own function. */
import assert from 'node:assert/strict'
import { describe, it, type TestContext } from 'node:test'
import type { LanguageModelV4StreamPart } from '@ai-sdk/provider'
import { streamText } from 'ai'
import { convertReadableStreamToArray } from 'ai/test'
import { edgewise, routeOf } from '../../src/ai/index.ts'
import { HybridInferenceClient } from '../../src/client/client.ts'
import { isServerError } from '../../src/errors/server-error.ts'
import { isStreamInterruptedError } from '../../src/errors/stream-interrupted-error.ts'
import { until } from '../client/setup.ts'
import { ANSWER, CONTINUES, dies, type Given, setup } from './setup.ts'

const PROMPT = [{ role: 'user' as const, content: [{ type: 'text' as const, text: 'hi' }] }]

/** The parts that the model itself gives. */
async function partsOf(t: TestContext, given: Given, more: { includeRawChunks?: boolean } = {}) {
  const { client, ...rest } = setup(t, given)
  const { stream } = await edgewise(client)().doStream({ prompt: PROMPT, ...more })
  const parts = await convertReadableStreamToArray(stream)
  const text = parts.map((part) => (part.type === 'text-delta' ? part.delta : '')).join('')
  return { parts, text, types: typesOf(parts), finish: parts.at(-1), ...rest }
}

/** The kinds of parts, with one for a run of the same. */
function typesOf(parts: readonly LanguageModelV4StreamPart[]): string[] {
  const types = parts.map(({ type }) => type)
  return types.filter((type, i) => type !== types[i - 1])
}

const WHOLE = ['stream-start', 'response-metadata', 'text-start', 'text-delta', 'text-end', 'finish']

describe('a streamed answer', () => {
  it('has its parts in the order that the SDK wants', async (t) => {
    const { parts, types, text, finish, asked } = await partsOf(t, {})
    assert.deepEqual([types, text, asked().length], [WHOLE, ANSWER, 0])
    const [start, response] = parts
    assert.deepEqual(start, { type: 'stream-start', warnings: [] })
    assert.ok(response?.type === 'response-metadata')
    assert.deepEqual([response.modelId, response.timestamp instanceof Date], ['tiny', true])
    assert.ok(finish?.type === 'finish')
    assert.deepEqual(finish.finishReason, { unified: 'stop', raw: 'stop' })
    assert.equal(routeOf(finish.providerMetadata)?.source, 'browser')
    assert.equal(finish.usage.outputTokens.total, 6)
  })

  it('has the chunks too, where they are asked for', async (t) => {
    const { parts, types } = await partsOf(t, {}, { includeRawChunks: true })
    assert.ok(types.includes('raw'))
    const [raw] = parts.filter((part) => part.type === 'raw')
    assert.equal((raw?.rawValue as { object: string } | undefined)?.object, 'chat.completion.chunk')
  })

  it('goes on at the server where the device gave up, in the same text', async (t) => {
    const { types, text, finish, asked } = await partsOf(t, { engine: dies(3), server: CONTINUES })
    assert.deepEqual([types, text], [WHOLE, ANSWER])
    assert.equal(asked()[0]?.continue_final_message, true)
    assert.ok(finish?.type === 'finish')
    const route = routeOf(finish.providerMetadata)
    assert.deepEqual(
      route?.attempts.map(({ target, outcome, continued }) => [target, outcome, continued]),
      [
        ['browser', 'failed', undefined],
        ['server', 'ok', true],
      ],
    )
  })

  it('is an error behind its text where nobody goes on, and never begins anew', async (t) => {
    const { parts, types, text, finish, asked } = await partsOf(t, { engine: dies(3) })
    assert.deepEqual([types, text, asked().length], [[...WHOLE.slice(0, -1), 'error', 'finish'], 'one two three', 0])
    const [failure] = parts.filter((part) => part.type === 'error')
    assert.ok(isStreamInterruptedError(failure?.error), String(failure?.error))
    assert.equal(failure.error.partialText, 'one two three')
    assert.ok(finish?.type === 'finish')
    assert.deepEqual([finish.finishReason.unified, finish.providerMetadata], ['interrupted', undefined])
  })

  it('is an error alone where there is no text', async (t) => {
    const server = { faults: [{ does: 'fail', status: 400, path: '/chat/completions' }] } as const
    const { parts, types, finish } = await partsOf(t, { engine: { faults: [{ does: 'fail', at: 'load' }] }, server })
    assert.deepEqual(types, ['stream-start', 'error', 'finish'])
    const [failure] = parts.filter((part) => part.type === 'error')
    assert.ok(isServerError(failure?.error), String(failure?.error))
    assert.deepEqual(finish?.type === 'finish' && finish.finishReason.unified, 'error')
  })

  it('of a server that counts nothing has no counts', async (t) => {
    const { server } = setup(t)
    const { baseURL } = server
    const fetch = async (...asked: Parameters<typeof server.fetch>): Promise<Response> => {
      const response = await server.fetch(...asked)
      if (!String(asked[0]).endsWith('/chat/completions')) return response
      const text = await response.text()
      return new Response(text.replace(/data: [^\n]*"choices":\[\][^\n]*\n\n/, ''), { headers: response.headers })
    }
    const other = new HybridInferenceClient({ baseURL, fetch, storage: false })
    t.after(() => other.dispose())
    const { stream } = await edgewise(other)().doStream({ prompt: PROMPT })
    const finish = (await convertReadableStreamToArray(stream)).at(-1)
    assert.ok(finish?.type === 'finish')
    assert.deepEqual(finish.usage, {
      inputTokens: { total: undefined, noCache: undefined, cacheRead: undefined, cacheWrite: undefined },
      outputTokens: { total: undefined, text: undefined, reasoning: undefined },
    })
  })

  it('begins when it is read, and stops with its reader', async (t) => {
    const { client, engine } = setup(t, { engine: { faults: [{ does: 'hang', at: 2 }] } })
    const { stream } = await edgewise(client)().doStream({ prompt: PROMPT })
    assert.equal(engine.requests.length, 0)
    const reader = stream.getReader()
    for (let i = 0; i < 4; i++) await reader.read()
    const pending = reader.read()
    await until(() => engine.generated === 2)
    await reader.cancel()
    await pending
    await until(() => engine.log.includes('stop tiny'))
    assert.equal(client.getSnapshot().active, 0)
  })
})

describe('streamText', () => {
  it('gives text, usage and route', async (t) => {
    const { client } = setup(t)
    const result = streamText({ model: edgewise(client)(), prompt: 'hi' })
    let text = ''
    for await (const delta of result.textStream) text += delta
    assert.equal(text, ANSWER)
    const [reason, usage, metadata] = [await result.finishReason, await result.usage, await result.providerMetadata]
    assert.deepEqual([reason, usage.outputTokens], ['stop', 6])
    assert.equal(routeOf(metadata)?.source, 'browser')
  })

  it('tells of an interrupted answer by its own callback', async (t) => {
    const { client } = setup(t, { engine: dies(2) })
    const errors: unknown[] = []
    const onError = ({ error }: { error: unknown }): void => void errors.push(error)
    const result = streamText({ model: edgewise(client)(), prompt: 'hi', onError })
    let text = ''
    for await (const delta of result.textStream) text += delta
    assert.equal(text, 'one two')
    assert.deepEqual(errors.map(isStreamInterruptedError), [true])
  })

  it('stops with its signal', async (t) => {
    const { client, engine } = setup(t, { engine: { faults: [{ does: 'hang', at: 2 }] } })
    const controller = new AbortController()
    const seen: string[] = []
    const result = streamText({ model: edgewise(client)(), prompt: 'hi', abortSignal: controller.signal })
    for await (const part of result.fullStream) {
      seen.push(part.type)
      if (part.type === 'text-delta' && engine.generated === 2) controller.abort()
    }
    assert.equal(seen.at(-1), 'abort')
    await until(() => engine.log.includes('stop tiny'))
  })
})
