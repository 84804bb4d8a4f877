// Requests that an engine of the page can't honour go elsewhere by decision, not by a failed attempt.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { HybridInferenceClient } from '../../src/client/client.ts'
import { Local } from '../../src/client/local.ts'
import type { ChatRequest } from '../../src/client/options.ts'
import { prepare } from '../../src/client/prepare.ts'
import { Recorder } from '../../src/client/record.ts'
import { Requests, WHOLE } from '../../src/client/requests.ts'
import { RouteLog } from '../../src/client/route-log.ts'
import { StatusStore } from '../../src/client/status.ts'
import { isEngineError } from '../../src/errors/engine-error.ts'
import { isEngineUnsupportedError } from '../../src/errors/engine-unsupported-error.ts'
import { isInvalidRequestError } from '../../src/errors/invalid-request-error.ts'
import { isNoTargetError } from '../../src/errors/no-target-error.ts'
import { FakeEngine, type FakeEngineOptions } from '../../src/testing/fake-engine.ts'
import type { RouteRequest } from '../../src/wire.ts'
import { collect, newClient, rejection, setup } from './setup.ts'
import { MODEL, wireServer } from './wire-server.ts'

const cool = { temperature: 0.5 }
const messages: ChatRequest['messages'] = [{ role: 'user', content: 'hi' }]
const fixed: FakeEngineOptions = { supports: { temperature: false } }
const remote: FakeEngineOptions = { onDevice: false, cached: ['tiny'] }

describe('a request that the only engine can not honour', () => {
  it('is for the server, at once and with a reason', async (t) => {
    const { client, server, engine } = await setup(t, { engine: fixed })
    const { source, route } = await client.generate('hi', cool)
    assert.deepEqual([source, route.reason, route.decidedBy], ['server', 'feature_unsupported', 'server'])
    assert.equal(route.attempts.length, 1)
    assert.deepEqual(server.bodies<RouteRequest>('/browser/route')[0]?.engines, [])
    assert.deepEqual(engine.log, [])
    assert.equal((await client.generate('hi')).source, 'browser')
    assert.ok(!('engines' in (server.bodies<RouteRequest>('/browser/route')[1] ?? {})))
  })

  it('is for the server by the snapshot in the page too', async (t) => {
    const { client, server } = await setup(t, { engine: { ...fixed, cached: ['tiny'] } })
    await client.initialize()
    server.behaviour = { routeStatus: 503 }
    const { source, route } = await client.generate('hi', cool)
    assert.deepEqual([source, route.reason, route.decidedBy], ['server', 'feature_unsupported', 'page'])
  })

  it('is an error that names the field where it must not leave the page', async (t) => {
    const { client, server, engine } = await setup(t, { engine: fixed })
    await client.initialize()
    for (const [wish, reason] of [
      [{ privacy: 'local-only' }, 'local_only_unavailable'],
      [{ force: 'browser' }, 'feature_unsupported'],
    ] as const) {
      const error = await rejection(client.generate('hi', { ...cool, ...wish }))
      assert.ok(isNoTargetError(error) && error.reason === reason, String(error))
      assert.ok(isEngineUnsupportedError(error.cause) && error.cause.param === 'temperature')
    }
    server.behaviour = { snapshot: { policies: [{ name: 'enabled', options: { disabled: true } }] } }
    const error = await rejection(client.generate('hi', { ...cool, force: 'browser' }))
    assert.ok(isNoTargetError(error) && error.reason === 'browser_inference_disabled' && error.cause === undefined)
    assert.equal(server.bodies('/chat/completions').length, 0)
    assert.deepEqual(engine.log, [])
  })

  it('is an error that names the window where the prompt is beyond it and must not leave the page', async (t) => {
    const { client, engine } = await setup(t, { engine: { supports: { contextWindow: 64 } } })
    await client.initialize()
    for (const wish of [{ privacy: 'local-only' }, { force: 'browser' }] as const) {
      const error = await rejection(client.generate('word '.repeat(100), { ...wish, maxTokens: 60 }))
      assert.ok(isNoTargetError(error) && isEngineError(error.cause), String(error))
      assert.equal(error.cause.code, 'context_length_exceeded')
      assert.match(error.cause.message, /^fake takes 64 tokens/)
    }
    assert.deepEqual(engine.log, [])
  })

  it('is stopped before the engine where a server decides without a look at `engines`', async (t) => {
    const route = () => ({ target: 'browser', modelInfo: MODEL, fallback: 'server' }) as const
    const { client, engine } = await setup(t, { engine: fixed, server: { route, version: '1.1' } })
    const { source, route: record } = await client.generate('hi', cool)
    assert.equal(source, 'server')
    assert.equal(record.attempts[0]?.errorCode, 'unsupported')
    assert.deepEqual(engine.log, [])
  })
})

describe('of two engines', () => {
  it('the one that can honour the request is chosen', async (t) => {
    const models = [
      { ...MODEL, parameters: '20M', framework: 'acme/fixed', id: 'better' },
      { ...MODEL, framework: 'acme/able' },
    ]
    const server = await wireServer(t, { snapshot: { models } })
    const engines = [new FakeEngine({ ...fixed, name: 'acme/fixed' }), new FakeEngine({ name: 'acme/able' })]
    const client = newClient(t, server, new FakeEngine(), { engines })
    assert.equal((await client.generate('hi')).model, 'better')
    const { model, route } = await client.generate('hi', cool)
    assert.deepEqual([model, route.reason], ['tiny', 'optimal_for_browser'])
    const told = server
      .bodies<RouteRequest>('/browser/route')
      .map(({ engines, capabilities }) => [engines, capabilities.engines])
    const both = ['acme/fixed', 'acme/able']
    assert.deepEqual(told, [
      [undefined, both],
      [['acme/able'], both],
    ])
  })
})

describe('two engines of one name, or one without', () => {
  it('are refused', () => {
    for (const names of [['acme/one', 'acme/two', 'acme/one'], ['']]) {
      const engines = names.map((name) => new FakeEngine({ name }))
      const make = () => new HybridInferenceClient({ baseURL: 'http://localhost', engines })
      assert.throws(make, (error) => isInvalidRequestError(error) && error.param === 'engines')
    }
  })

  it('can not be smuggled in later', async (t) => {
    const server = await wireServer(t)
    const remoteTwin = new FakeEngine(remote)
    const engines = [new FakeEngine()]
    const client = newClient(t, server, new FakeEngine(), { engines })
    engines.push(remoteTwin)
    await client.initialize()
    assert.equal((await client.generate('secret', { privacy: 'local-only' })).source, 'browser')
    assert.deepEqual(remoteTwin.requests, [])
  })
})

describe('what an engine gets', () => {
  it('has nothing in it that goes without saying', async (t) => {
    const { client, engine } = await setup(t, { engine: { supports: { topP: false, stop: false } } })
    const spelt = {
      top_p: 1,
      stop: '',
      n: 1,
      tools: null,
      response_format: null,
      logprobs: false,
    } as never as ChatRequest
    const { route } = await client.chat.completions.create({ ...spelt, messages, stream: false, max_tokens: 9 })
    assert.equal(route.source, 'browser')
    assert.deepEqual(engine.requests, [{ messages, maxTokens: 9 }])
  })

  it('is not what it can not give: choices, log probabilities, one call at a time', async (t) => {
    const models = [{ ...MODEL, supports: { n: 4, logprobs: true, tools: true } }]
    const able = { supports: { tools: true, n: 4 as never, logprobs: true as never } }
    const { client, engine } = await setup(t, { engine: able, server: { snapshot: { models } } })
    const tools: ChatRequest['tools'] = [{ type: 'function', function: { name: 'f' } }]
    for (const wish of [{ n: 3 }, { logprobs: true }, { tools, parallel_tool_calls: false }]) {
      const { route } = await client.chat.completions.create({ messages, ...wish })
      assert.deepEqual([route.source, route.attempts.length], ['server', 1])
    }
    assert.deepEqual(engine.log, [])
  })
})

describe('a local-only request', () => {
  it('is not for an engine that may send prompts elsewhere', async (t) => {
    const { client, server, engine } = await setup(t, { engine: remote })
    await client.initialize()
    const before = server.seen.length
    const error = await rejection(client.generate('secret', { privacy: 'local-only' }))
    assert.ok(isNoTargetError(error) && error.reason === 'local_only_unavailable')
    assert.ok(isEngineUnsupportedError(error.cause) && error.cause.param === 'privacy')
    assert.deepEqual([engine.requests, engine.log, server.seen.length], [[], [], before])
    assert.equal((await client.generate('no secret')).source, 'browser')
  })

  it('is stopped at the door of such an engine, whatever was decided', async () => {
    const engine = new FakeEngine(remote)
    const page = { local: async () => new Local({ network: async () => undefined, engines: [engine] }) }
    const parts = { options: {}, log: new RouteLog(), status: new StatusStore(), page, transport: {} } as unknown
    const request = prepare({ messages, privacy: 'local-only' })
    const decision = {
      ...({ target: 'browser', useBrowser: true, reason: 'optimal_for_browser', modelInfo: MODEL } as const),
      ...({ fallback: 'server', continuation: 'none' } as const),
      ...({ decisionId: 'd1', policyRevision: 'r1', decidedBy: 'server' } as const),
    }
    const { signal } = new AbortController()
    const recorder = new Recorder(Date.now)
    const started = { request, decision, grant: undefined, recorder, signal }
    const run = new Requests(parts as ConstructorParameters<typeof Requests>[0]).carryOut(started, WHOLE)
    const error = await rejection(collect(run))
    assert.ok(isNoTargetError(error) && error.reason === 'local_only_unavailable')
    assert.deepEqual([engine.requests, engine.log], [[], []])
    assert.deepEqual(
      recorder.attempts.map(({ target, errorCode }) => [target, errorCode]),
      [['browser', 'no_target']],
    )
  })
})
