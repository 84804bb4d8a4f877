/** What OpenAI's own client sees of an upstream behind our endpoint: the same as without us, but for our credentials. */
import assert from 'node:assert/strict'
import type { ServerResponse } from 'node:http'
import { after, before, describe, test } from 'node:test'
import OpenAI from 'openai'
import { buildDemo, type DemoBuild } from '../browser/demo-program.ts'
import { collect } from '../client/setup.ts'
import { type Answer, chunk, fails, KEY, MODEL, open, says, streams } from './upstream.ts'

const request = { model: 'auto', messages: [{ role: 'user' as const, content: 'hello' }] }
const streamed = { ...request, stream: true as const }

/** What a promise is rejected with, which must be one of the client's errors. */
async function failure(promise: Promise<unknown>): Promise<InstanceType<typeof OpenAI.APIError>> {
  try {
    await promise
  } catch (error) {
    if (error instanceof OpenAI.APIError) return error
    throw error
  }
  return assert.fail('no error')
}

describe("OpenAI's client before a scripted upstream", () => {
  let build: DemoBuild
  before(async () => {
    build = await buildDemo()
  })
  after(() => build[Symbol.asyncDispose]())

  test('gets every chunk as it was sent', async (t) => {
    const chunks = [chunk('Hello'), chunk(' there'), chunk('', 'stop')]
    const { client, chats } = await open(t, build, streams(...chunks, '[DONE]'))
    const body = { ...streamed, top_k: 4 }
    const { data, response, request_id } = await client.chat.completions.create(body).withResponse()
    assert.deepEqual(await collect(data), chunks)
    assert.equal(request_id, 'req-7')
    assert.equal(response.headers.get('x-ratelimit-remaining-requests'), '0')
    assert.equal(response.headers.get('set-cookie'), null)
    const stream_options = { include_usage: true } // ours, for the ledger
    const [sent] = chats
    assert.deepEqual(JSON.parse(sent?.body ?? ''), { ...body, model: MODEL, stream_options })
    assert.equal(sent?.headers.authorization, `Bearer ${KEY}`)
  })

  test('leaves, and the upstream sees it', { timeout: 10_000 }, async (t) => {
    const left = Promise.withResolvers<void>()
    const endless: Answer = (response, seen) => {
      streams(chunk('Hello'), chunk(' there'))(response, seen)
      response.on('close', left.resolve)
    }
    const { client } = await open(t, build, endless)
    const stream = await client.chat.completions.create(streamed)
    for await (const { choices } of stream) {
      if (choices[0]?.delta.content === ' there') stream.controller.abort()
    }
    await left.promise
  })

  for (const { kind, status, error } of [
    {
      kind: OpenAI.BadRequestError,
      status: 400,
      error: {
        message: 'Too long.',
        type: 'invalid_request_error',
        param: 'messages',
        code: 'context_length_exceeded',
      },
    },
    {
      kind: OpenAI.NotFoundError,
      status: 404,
      error: { message: 'No such model.', type: 'NotFoundError', param: null, code: 404 },
    },
    {
      kind: OpenAI.UnprocessableEntityError,
      status: 422,
      error: { message: 'Not so.', type: 'vendor_error', param: 'top_k', code: 'odd', vendor: { trace: 'a-1' } },
    },
    {
      kind: OpenAI.RateLimitError,
      status: 429,
      error: { message: 'Slow down.', type: 'requests', param: null, code: 'rate_limit_exceeded' },
    },
    {
      kind: OpenAI.RateLimitError,
      status: 429,
      error: { message: 'Pay.', type: 'insufficient_quota', param: null, code: 'insufficient_quota' },
    },
    {
      kind: OpenAI.InternalServerError,
      status: 503,
      error: { message: 'Overloaded.', type: 'server_error', param: null, code: null, vendor: { load: 9 } },
    },
  ]) {
    for (const body of [request, streamed]) {
      test(`gets ${status} ${error.type} as it is, ${'stream' in body ? 'streamed' : 'whole'}`, async (t) => {
        // Of a quota our adapter knows by itself that trying again is of no use.
        const final: Record<string, string> = error.type === 'insufficient_quota' ? {} : { 'x-should-retry': 'false' }
        const { client, chats } = await open(t, build, fails(status, error, final))
        const got = await failure(client.chat.completions.create(body))
        assert.ok(got instanceof kind)
        assert.deepEqual(got.error, error)
        assert.deepEqual([got.status, got.type, got.code, got.param], [status, error.type, error.code, error.param])
        assert.equal(got.message, `${status} ${error.message}`)
        assert.equal(got.requestID, 'req-7')
        assert.equal(got.headers?.get('x-ratelimit-remaining-requests'), '0')
        assert.equal(got.headers?.get('set-cookie'), null)
        assert.equal(chats.length, 1)
      })
    }
  }

  test('is not told that our key is wrong, nor the key', async (t) => {
    const refuses: Answer = (response, seen) => {
      const message = `Incorrect API key provided: ${seen.headers.authorization}`
      fails(401, { message, type: 'invalid_request_error', param: null, code: 'invalid_api_key' })(response, seen)
    }
    const { client } = await open(t, build, refuses)
    const error = await failure(client.chat.completions.create(request))
    assert.ok(!(error instanceof OpenAI.AuthenticationError))
    assert.deepEqual([error.status, error.type, error.code], [502, 'server_error', 'upstream_auth'])
    const all = JSON.stringify([error.message, error.error, ...(error.headers ?? [])])
    assert.ok(!all.includes(KEY), all)
  })

  describe('gets an error for an answer that breaks off', () => {
    const begun = [chunk('Hello'), chunk(' there')]
    const overloaded = { message: 'Overloaded.', type: 'overloaded_error', code: 'busy', vendor: { load: 9 } }
    const truncated = (message: string): object => {
      return { message, type: 'server_error', code: 'upstream_truncated', param: null }
    }
    const then = (end: (response: ServerResponse) => void): Answer => {
      return (response, seen) => {
        streams(...begun)(response, seen)
        end(response)
      }
    }
    /** Once all before it has left. */
    const cut = (response: ServerResponse) => response.write(':\n\n', () => response.destroy())
    for (const { name, answer, want } of [
      { name: 'by a cut', answer: then(cut), want: truncated('the answer was cut short') },
      {
        name: 'by an end without [DONE]',
        answer: then((response) => response.end()),
        want: truncated('the answer was cut short'),
      },
      {
        name: 'by [DONE] without a finish_reason',
        answer: streams(...begun, '[DONE]'),
        want: truncated('the answer ended without a finish_reason'),
      },
      { name: 'by an error in it', answer: streams(...begun, { error: overloaded }), want: overloaded },
    ]) {
      test(name, async (t) => {
        const { client } = await open(t, build, answer)
        const chunks: unknown[] = []
        const error = await failure(
          (async () => {
            for await (const chunk of await client.chat.completions.create(streamed)) chunks.push(chunk)
          })(),
        )
        assert.deepEqual(error.error, want)
        assert.deepEqual(chunks, begun)
      })
    }
  })

  test('waits before it tries again as long as the upstream asks, and so do we', async (t) => {
    const at: number[] = []
    const noted = (answer: Answer): Answer => {
      return (response, seen) => {
        at.push(performance.now())
        answer(response, seen)
      }
    }
    const limited = noted(fails(429, { message: 'Slow down.', type: 'requests' }, { 'retry-after': '1' }))
    const { client, sent } = await open(t, build, limited, limited, limited, noted(says('Hello')))
    const answer = await client.chat.completions.create(request, { maxRetries: 1 })
    assert.equal(answer.choices[0]?.message.content, 'Hello')
    assert.deepEqual(
      [at.length, sent()],
      [4, 2],
      'three times for the first request of the client, once for its second',
    )
    // Node counts whole milliseconds, of which the first may be nearly over.
    for (const [i, time] of at.slice(1).entries()) assert.ok(time - (at[i] ?? 0) >= 999, at.join())
  })

  test('takes no for an answer, and so do we', async (t) => {
    const final = fails(503, { message: 'Gone for good.', type: 'server_error' }, { 'x-should-retry': 'false' })
    const { client, chats, sent } = await open(t, build, final)
    const error = await failure(client.chat.completions.create(request, { maxRetries: 2 }))
    assert.equal(error.status, 503)
    assert.deepEqual([chats.length, sent()], [1, 1])
  })
})
