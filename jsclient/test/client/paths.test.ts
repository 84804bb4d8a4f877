import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { isEngineError } from '../../src/errors/engine-error.ts'
import { isNoTargetError } from '../../src/errors/no-target-error.ts'
import { isServerError } from '../../src/errors/server-error.ts'
import type { RouteRequest } from '../../src/wire.ts'
import { LOAD_FAILS, rejection, settled, setup, until } from './setup.ts'

describe('generate', () => {
  it('answers in the browser, sends no prompt, and reports in counts', async (t) => {
    const { client, server, engine } = await setup(t)
    const result = await client.generate('canary-7f3', { maxTokens: 20, temperature: 0 })
    assert.equal(result.text, 'Hello from here')
    assert.equal(result.source, 'browser')
    assert.equal(result.model, 'tiny')
    assert.equal(result.finishReason, 'stop')
    assert.deepEqual(result.tokensUsed, { promptTokens: 4, completionTokens: 3, totalTokens: 7 })
    assert.equal(result.route.promptBytesSent, 0)
    assert.equal(result.route.decidedBy, 'server')
    assert.equal(result.route.decisionId, 'd1')
    assert.equal(result.route.policyRevision, 'r1')
    assert.deepEqual(
      result.route.attempts.map(({ target, model, outcome }) => ({ target, model, outcome })),
      [{ target: 'browser', model: 'tiny', outcome: 'ok' }],
    )
    assert.equal(engine.requests[0]?.temperature, 0)
    await until(() => server.reports().length > 0)
    assert.ok(!JSON.stringify(server.seen).includes('canary'))
    const [report] = server.reports()
    assert.equal(report?.id, 'g.1')
    assert.equal(report?.success, true)
    assert.equal(report?.completionTokens, 3)
    assert.equal(report?.framework, 'fake')
  })

  it('answers on the server', async (t) => {
    const { client, server, engine } = await setup(t)
    const result = await client.generate('häé', { preference: 'never' })
    assert.equal(result.text, 'Hello from afar')
    assert.equal(result.source, 'server')
    assert.equal(result.model, 'server-model')
    assert.equal(result.route.reason, 'user_disabled_browser')
    assert.equal(result.route.promptBytesSent, 5)
    assert.deepEqual(result.tokensUsed, { promptTokens: 4, completionTokens: 3, totalTokens: 7 })
    assert.deepEqual(engine.log, [])
    assert.equal(server.bodies<{ max_tokens: number }>('/chat/completions')[0]?.max_tokens, 256)
    await settled()
    assert.equal(server.reports().length, 0)
  })

  it('hands over to the server when the model does not load', async (t) => {
    const { client, server } = await setup(t, { engine: { faults: [LOAD_FAILS] } })
    const { source, route } = await client.generate('hi')
    assert.equal(source, 'server')
    assert.equal(route.target, 'browser')
    assert.equal(route.source, 'server')
    assert.deepEqual(
      route.attempts.map(({ target, outcome, errorCode }) => [target, outcome, errorCode]),
      [
        ['browser', 'failed', 'out_of_memory'],
        ['server', 'ok', undefined],
      ],
    )
    await until(() => server.reports().length > 0)
    const [report] = server.reports()
    assert.equal(report?.success, false)
    assert.equal(report?.fallback, true)
    assert.equal(report?.errorCode, 'out_of_memory')
  })

  it('hands over to the browser when the server fails', async (t) => {
    const { client } = await setup(t, { server: { chatStatus: 503 } })
    const { source, route } = await client.generate('hi', { complexity: 'complex' })
    assert.equal(source, 'browser')
    assert.equal(route.target, 'server')
    assert.equal(route.reason, 'request_too_complex')
    assert.equal(route.promptBytesSent, 2)
    assert.equal(route.attempts[0]?.errorCode, 'on_purpose')
  })

  it('does not hand over what the server refuses', async (t) => {
    const { client, engine } = await setup(t, { server: { chatStatus: 400 } })
    const error = await rejection(client.generate('hi', { complexity: 'complex' }))
    assert.ok(isServerError(error) && error.status === 400)
    assert.deepEqual(engine.log, [])
  })

  it('hands nothing over when the decision does not permit it', async (t) => {
    const noFallback = { route: () => JSON.parse('{"fallback":null}') as object }
    const { client, server } = await setup(t, { server: noFallback, engine: { faults: [LOAD_FAILS] } })
    assert.ok(isEngineError(await rejection(client.generate('hi'))))
    assert.equal(server.bodies('/chat/completions').length, 0)
  })

  it('begins again elsewhere when it failed half-way and nothing was handed out', async (t) => {
    const { client } = await setup(t, { engine: { faults: [{ does: 'die', at: 2 }] } })
    const result = await client.generate('hi')
    assert.equal(result.text, 'Hello from afar')
    assert.equal(result.tokensUsed.completionTokens, 3)
  })

  it('forces a target, or says why not', async (t) => {
    const { client, server } = await setup(t, { engine: { faults: [LOAD_FAILS] } })
    assert.ok(isEngineError(await rejection(client.generate('hi', { force: 'browser' }))))
    assert.equal(server.bodies('/chat/completions').length, 0)
    assert.equal((await client.generate('hi', { force: 'server' })).source, 'server')
    server.behaviour = { snapshot: { policies: [{ name: 'enabled', options: { disabled: true } }], revision: 'r2' } }
    const error = await rejection(client.generate('hi', { force: 'browser' }))
    assert.ok(isNoTargetError(error) && error.reason === 'browser_inference_disabled')
  })

  it('tells the server lengths in code points, and nothing of the text', async (t) => {
    const { client, server } = await setup(t)
    await client.generate('a😀\ud800', { system: 'é', privacy: '', task: 'chat', maxTokens: 9 })
    const [body] = server.bodies<RouteRequest>('/browser/route')
    assert.equal(body?.promptLength, 4)
    assert.equal(body?.maxTokens, 9)
    assert.equal(body?.task, 'chat')
    assert.deepEqual(body?.capabilities.engines, ['fake'])
    assert.equal(body?.state?.models?.tiny?.status, 'absent')
  })

  it('learns where the model is and how fast it is', async (t) => {
    const { client, server } = await setup(t, { engine: { answer: 'abcdefghij'.split(''), cached: ['tiny'] } })
    await client.generate('one')
    await client.generate('two')
    const [first, second] = server.bodies<RouteRequest>('/browser/route').map(({ state }) => state?.models?.tiny)
    assert.equal(first?.status, 'cached')
    assert.equal(second?.status, 'loaded')
    assert.ok(second?.loadMs && second.ttftMs && second.tokensPerSecondMilli)
  })
})
