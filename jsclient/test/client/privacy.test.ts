import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { answerOnServer } from '../../src/client/attempt.ts'
import { prepare } from '../../src/client/prepare.ts'
import { isEngineError } from '../../src/errors/engine-error.ts'
import { isNetworkError } from '../../src/errors/network-error.ts'
import { isNoTargetError } from '../../src/errors/no-target-error.ts'
import { isSnapshotError } from '../../src/errors/snapshot-error.ts'
import { isUnauthorizedError } from '../../src/errors/unauthorized-error.ts'
import { ServerTransport } from '../../src/transport/server.ts'
import type { RouteRequest } from '../../src/wire.ts'
import { collect, LOAD_FAILS, rejection, settled, setup, until } from './setup.ts'

const CANARY = 'canary-2b9d'
const local = { privacy: 'local-only' } as const

describe('local-only', () => {
  for (const [name, engine] of [
    ['answers', {}],
    ['fails to load', { faults: [LOAD_FAILS] }],
    ['fails half-way', { faults: [{ does: 'die', at: 1 }] }],
  ] as const) {
    it(`sends nothing at all when the engine ${name}`, async (t) => {
      const { client, server } = await setup(t, { engine })
      await client.initialize()
      const before = server.seen.length
      const asked = [
        client.generate(CANARY, local),
        client.chat.completions.create({ messages: [{ role: 'user', content: CANARY }], ...local }),
        collect(client.stream({ messages: [{ role: 'user', content: CANARY }], ...local })),
      ]
      const results = await Promise.allSettled(asked)
      const outcome = name === 'answers' ? 'fulfilled' : 'rejected'
      assert.ok(results.every(({ status }) => status === outcome))
      await settled()
      assert.equal(server.seen.length, before)
    })
  }

  it('holds when the snapshot leaves the privacy policy out', async (t) => {
    const policies = [{ name: 'complexity', options: { maxPromptLength: 1 } }]
    const { client, server } = await setup(t, { server: { snapshot: { policies } } })
    await client.initialize()
    const before = server.seen.length
    const { route } = await client.generate(CANARY, local)
    assert.equal(route.source, 'browser')
    await settled()
    assert.equal(server.seen.length, before)
  })

  it('is stopped at the door to the server, whatever was decided', async (t) => {
    const { server } = await setup(t)
    const transport = new ServerTransport({ baseURL: server.baseURL })
    const request = prepare({ messages: [{ role: 'user', content: CANARY }], ...local })
    const decision = {
      ...({ target: 'server', useBrowser: false, reason: 'request_too_complex', continuation: 'none' } as const),
      ...({ decisionId: 'd1', policyRevision: 'r1', decidedBy: 'server' } as const),
    }
    const { signal } = new AbortController()
    for (const stream of [true, false]) {
      const error = await rejection(
        collect(answerOnServer({ stallMs: 0, transport, request, decision, stream, signal })),
      )
      assert.ok(isNoTargetError(error))
    }
    assert.equal(server.seen.length, 0)
  })

  it('is decided in the page', async (t) => {
    const { client } = await setup(t)
    await client.initialize()
    const { route } = await client.generate(CANARY, { ...local, trace: true })
    assert.equal(route.decidedBy, 'page')
    assert.equal(route.reason, 'local_only')
    assert.equal(route.policyRevision, 'r1')
    assert.equal(route.promptBytesSent, 0)
    assert.equal(route.trace?.at(-1)?.step, 'outcome')
  })

  it('is an error, and causes no traffic, without a snapshot', async (t) => {
    const { client, server } = await setup(t)
    const error = await rejection(client.generate(CANARY, local))
    assert.ok(isNoTargetError(error) && error.reason === 'local_only_unavailable')
    assert.ok(isSnapshotError(error.cause) && error.cause.code === 'snapshot_missing')
    assert.match(error.cause.message, /initialize\(\)/)
    assert.equal(server.seen.length, 0)
  })

  it('is an error that names the engine failure when nothing else may answer', async (t) => {
    const { client } = await setup(t, { engine: { faults: [LOAD_FAILS] } })
    await client.initialize()
    const error = await rejection(client.generate(CANARY, local))
    assert.ok(isEngineError(error) && error.code === 'out_of_memory')
  })

  it('is reported, in counts, only when the app says so', async (t) => {
    const { client, server } = await setup(t, { client: { reports: 'all' } })
    await client.initialize()
    await client.generate(CANARY, local)
    await until(() => server.reports().length > 0)
    assert.equal(server.reports()[0]?.decidedBy, 'page')
    assert.ok(!JSON.stringify(server.seen).includes(CANARY))
  })

  it('wins over a forced server', async (t) => {
    const { client, server } = await setup(t)
    await client.initialize()
    assert.ok(isNoTargetError(await rejection(client.generate(CANARY, { ...local, force: 'server' }))))
    await settled()
    assert.equal(server.bodies('/chat/completions').length, 0)
  })
})

describe('without the server', () => {
  it('answers with a model on the device, from the snapshot in the page', async (t) => {
    const { client, server } = await setup(t)
    assert.equal((await client.generate('one')).route.decidedBy, 'server')
    await server.stop()
    const { source, route } = await client.generate('two')
    assert.equal(source, 'browser')
    assert.equal(route.decidedBy, 'page')
    assert.match(route.decisionId, /^page-/)
  })

  it('goes on to the device when the policies prefer the server', async (t) => {
    const { client, server } = await setup(t, { engine: { cached: ['tiny'] } })
    await client.initialize()
    await server.stop()
    const { source, route } = await client.generate('two', { complexity: 'complex' })
    assert.equal(source, 'browser')
    assert.equal(route.attempts[0]?.errorCode, 'network_error')
  })

  it('downloads nothing, and says that the network is the problem', async (t) => {
    const { client, server, engine } = await setup(t)
    await client.initialize()
    await server.stop()
    assert.ok(isNetworkError(await rejection(client.generate('hi'))))
    assert.deepEqual(engine.log, [])
  })

  it('initializes all the same', async (t) => {
    const { client, server } = await setup(t)
    await server.stop()
    await client.initialize()
    assert.deepEqual(client.models, [])
    assert.equal(client.capabilities?.hasWebGPU, false)
    assert.ok(isNetworkError(await rejection(client.generate('hi'))))
  })

  it('decides in the page when the route endpoint is broken or slow', async (t) => {
    const { client, server } = await setup(t)
    await client.initialize()
    server.behaviour = { routeStatus: 503 }
    assert.equal((await client.generate('hi')).route.decidedBy, 'page')
  })

  it('gives the server so much time and no more', async (t) => {
    const hanging: typeof fetch = (url, init) =>
      String(url).endsWith('/browser/route')
        ? new Promise((_, reject) => init?.signal?.addEventListener('abort', () => reject(init.signal?.reason)))
        : fetch(url, init)
    const { client } = await setup(t, {
      engine: { cached: ['tiny'] },
      client: { routeTimeoutMs: 30, fetch: hanging },
    })
    assert.equal((await client.generate('hi')).route.decidedBy, 'page')
  })

  it('takes an opaque policy for what it declares', async (t) => {
    const opaque = { name: 'acme.rule', opaque: true, effects: { forbid: ['browser' as const] } }
    const policies = [{ ...opaque, whenUnreachable: 'forbid' as const }]
    const { client, server } = await setup(t, { server: { snapshot: { policies } } })
    await client.initialize()
    await server.stop()
    assert.ok(isNetworkError(await rejection(client.generate('hi'))))
    assert.ok(isNoTargetError(await rejection(client.generate('hi', { force: 'browser' }))))
  })
})

describe('the snapshot', () => {
  it('is asked for again when it is stale, and when the server decided by another', async (t) => {
    let now = 1_700_000_000_000
    const { client, server } = await setup(t, { client: { now: () => now } })
    const policies = (): number => server.seen.filter(({ path }) => path === '/browser/policy').length
    await client.generate('hi')
    await client.generate('hi')
    assert.equal(policies(), 1)
    now += 301_000
    await client.generate('hi')
    await until(() => policies() === 2)
    server.behaviour = { snapshot: { revision: 'r2' } }
    await client.generate('hi')
    await until(() => policies() === 3)
    await until(() => client.policy?.revision === 'r2')
    assert.equal((await client.generate('hi', local)).route.policyRevision, 'r2')
  })

  it('is not asked for over and over while replicas disagree', async (t) => {
    let now = 1_700_000_000_000
    const route = () => ({ policyRevision: 'r9' })
    const { client, server } = await setup(t, { server: { route }, client: { now: () => now } })
    const policies = (): number => server.seen.filter(({ path }) => path === '/browser/policy').length
    const ask = async (asked: number) => {
      await client.generate('hi')
      await settled()
      assert.equal(policies(), asked)
    }
    await ask(2)
    now += 29_999
    await ask(2)
    now += 1
    await ask(3)
  })

  it('is not given to strangers', async (t) => {
    const { client } = await setup(t, { server: { policyStatus: 401 } })
    assert.ok(isUnauthorizedError(await rejection(client.initialize())))
    assert.ok(isUnauthorizedError(await rejection(client.generate('hi'))))
    assert.ok(isNoTargetError(await rejection(client.generate('hi', local))))
  })

  it('is no reason to count what is no text', async (t) => {
    const { client, server } = await setup(t)
    const image = { type: 'image_url' as const, image_url: { url: 'data:,' } }
    const text = { type: 'text' as const, text: 'hi' }
    await client.chat.completions.create({ messages: [{ role: 'user', content: [image, text, image] }] })
    const [request] = server.bodies<RouteRequest>('/browser/route')
    assert.deepEqual([request?.promptLength, request?.features?.codePoints], [2, 2])
  })

  it('is no reason to repeat text in a routing request', async (t) => {
    const { client, server } = await setup(t)
    const prompt = `${CANARY} why 1+1? 你好 \`\`\` compare`
    await client.generate(prompt, { system: CANARY, conversationId: 'c-1' })
    await client.generate(prompt, { conversationId: 'c-1' })
    const [first, second] = server.bodies<RouteRequest>('/browser/route')
    const fields = ['capabilities', 'conversationId', 'features', 'maxTokens', 'promptLength', 'state']
    assert.deepEqual(Object.keys(first ?? {}).sort(), fields)
    assert.deepEqual(Object.keys(second ?? {}).sort(), [...fields, 'lastTarget'].sort())
    assert.deepEqual(first?.features, {
      codePoints: 47,
      messages: 2,
      codeFences: 1,
      digits: 6,
      operators: 1,
      questionWords: 1,
      reasoningVerbs: 1,
      cjk: 2,
    })
    assert.equal(first?.promptLength, 46)
    const routed = server.seen.filter(({ path }) => path === '/browser/route').map(({ body }) => body)
    for (const word of [CANARY, 'canary', 'why', '你', '`', 'compare']) {
      assert.ok(!routed.some((body) => body.includes(word)), word)
    }
  })
})
