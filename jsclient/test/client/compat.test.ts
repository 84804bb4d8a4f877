// This client before servers of other versions. What version 1.0 answered is frozen; it is never written anew.
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { describe, it, type TestContext } from 'node:test'
import { HybridInferenceClient } from '../../src/client/client.ts'
import type { HybridInferenceClientOptions } from '../../src/client/options.ts'
import { isServerError } from '../../src/errors/server-error.ts'
import { FakeEngine } from '../../src/testing/fake-engine.ts'
import type { ChatCompletionRequest, ReportBatch, RouteRequest, Snapshot } from '../../src/wire.ts'
import { type Loopback, loopback, sendEvents, sendJSON } from '../transport/loopback.ts'
import { collect, rejection, settled, setup, until } from './setup.ts'
import { SERVER_ONLY } from './wire-server.ts'

interface Exchange {
  request: unknown
  status: number
  response: unknown
  events: unknown[]
}

function read(file: string): Exchange {
  return JSON.parse(readFileSync(new URL(`../../../hybrid/testdata/${file}.json`, import.meta.url), 'utf8'))
}

const frozen = (name: string): Exchange => read(`compat/1.0/${name}`)

/** A server of version 1.0, which said no version. */
function oldServer(t: TestContext): Promise<Loopback> {
  return loopback(t, (response, { url, headers, body }) => {
    const send = (name: string): void => {
      const { response: answer, status } = frozen(name)
      sendJSON(response, answer, status)
    }
    if (url.endsWith('/browser/policy')) {
      const { response: snapshot, status } = frozen('policy')
      const { policies } = snapshot as Snapshot
      // It has the last word, so that it is asked.
      return sendJSON(response, { ...(snapshot as Snapshot), policies: [...policies, SERVER_ONLY] }, status)
    }
    if (url.endsWith('/browser/analytics')) return send('client.analytics')
    if (url.endsWith('/browser/route')) {
      const { preference } = JSON.parse(body) as RouteRequest
      return send(preference === 'never' ? 'client.route' : 'route.browser')
    }
    if (headers.accept !== 'text/event-stream') return send('chat')
    const events = frozen('client.chat.stream').events.map((event) => JSON.stringify(event))
    sendEvents(response, [...events, '[DONE]'])
  })
}

function bodies<T>({ seen }: Loopback, path: string): T[] {
  return seen.filter(({ url }) => url.endsWith(path)).map(({ body }) => JSON.parse(body) as T)
}

function newClient(t: TestContext, { baseURL }: Loopback, options: Partial<HybridInferenceClientOptions> = {}) {
  const detector = { detect: async () => ({ hasWebGPU: true }), detectState: async () => ({}) }
  const engines = [new FakeEngine({ name: 'webllm' })]
  const client = new HybridInferenceClient({ baseURL, engines, detector, ...options })
  t.after(() => client.dispose())
  return client
}

describe('a server of version 1.0', () => {
  it('decides, and is told so', async (t) => {
    const server = await oldServer(t)
    const { source, route } = await newClient(t, server, { now: () => Date.UTC(2026, 10, 23, 12) }).generate('hi')
    assert.deepEqual([source, route.decidedBy, route.decisionId.length], ['browser', 'server', 22])
    await until(() => bodies(server, '/analytics').length > 0)
    const [batch] = bodies<ReportBatch>(server, '/analytics')
    assert.equal(batch?.reports[0]?.decisionId, route.decisionId)
  })

  it('gets chats as its own client sent them, for it hands on what it does not know', async (t) => {
    const server = await oldServer(t)
    const client = newClient(t, server)
    const options = { maxTokens: 16, temperature: 0.5, preference: 'never', system: 'Be brief.' } as const
    assert.equal((await client.generate('hello world', options)).text, 'HELLO WORLD')
    const stream = await client.chat.completions.create(
      { messages: [{ role: 'user', content: 'hello world' }], stream: true, model: 'auto', top_p: 0.9, stop: ['\n'] },
      { preference: 'never', conversationId: 'c-42' },
    )
    const text = (await collect(stream)).map(({ choices }) => choices[0]?.delta.content ?? '').join('')
    assert.equal(text, 'HELLO WORLD')
    const { user: _, ...streamed } = frozen('client.chat.stream').request as ChatCompletionRequest
    assert.deepEqual(bodies(server, '/chat/completions'), [frozen('client.chat').request, streamed])
  })
})

describe('a server of another major version', () => {
  /** A server that this client understands until `next()` is called. */
  async function upgraded(t: TestContext) {
    const refusal = read('golden/error.version')
    let isNext = false
    let refused = 0
    const fetched: typeof fetch = async (url, init) => {
      if (!isNext) return fetch(url, init)
      refused++
      return Response.json(refusal.response, { status: refusal.status, headers: { 'x-edgewise-version': '2.0' } })
    }
    const parts = await setup(t, { engine: { cached: ['tiny'] }, client: { fetch: fetched, reports: 'all' } })
    const next = (): void => {
      isNext = true
    }
    return { ...parts, next, refused: () => refused }
  }

  it('refuses, which the app is told, and is asked once a request', async (t) => {
    const { client, next, refused } = await upgraded(t)
    next()
    await client.initialize()
    assert.equal(refused(), 1, 'the snapshot')
    for (const asked of [2, 3]) {
      const error = await rejection(client.generate('hi'))
      assert.ok(isServerError(error) && error.status === 400 && error.code === 'unsupported_version', String(error))
      assert.equal(refused(), asked)
    }
  })

  it('leaves local-only requests their snapshot, and is told of them once', async (t) => {
    const { client, next, refused } = await upgraded(t)
    await client.initialize()
    next()
    for (const reported of [1, 2]) {
      assert.equal((await client.generate('hi', { privacy: 'local-only' })).source, 'browser')
      await until(() => refused() === reported)
    }
    await settled()
    assert.equal(refused(), 2)
  })
})

describe('a snapshot of a newer schema', () => {
  it('leaves decisions to the server, and is not asked for over and over', async (t) => {
    let now = 1_700_000_000_000
    let snapshots = 0
    const newer: typeof fetch = async (url, init) => {
      const response = await fetch(url, init)
      if (!String(url).endsWith('/browser/policy')) return response
      snapshots++
      return Response.json({ ...(await response.json()), schema: 2 })
    }
    const { client } = await setup(t, { engine: { cached: ['tiny'] }, client: { fetch: newer, now: () => now } })
    for (const [preference, target] of [
      ['auto', 'browser'],
      ['never', 'server'],
    ] as const) {
      const { source, route } = await client.generate('hi', { preference })
      assert.deepEqual([source, route.decidedBy], [target, 'server'])
    }
    await settled()
    assert.equal(snapshots, 1)
    now += 30_000
    await client.generate('hi')
    await until(() => snapshots === 2)
  })
})
