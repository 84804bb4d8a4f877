import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { RouteLog } from '../../src/client/route-log.ts'
import { LOAD_FAILS, LOAD_HANGS, rejection, setup } from './setup.ts'

const CANARY = 'canary-4e1c'

describe('what a client can tell of its requests', () => {
  it('says how each ended', async (t) => {
    const { client, engine, server } = await setup(t, { engine: { cached: ['tiny'] } })
    const before = Date.now()
    await client.generate('one')
    engine.faults.push(LOAD_FAILS)
    await client.generate('two', { complexity: 'complex' })
    server.behaviour = { chatStatus: 400 }
    await rejection(client.generate('three', { force: 'server' }))
    await rejection(client.generate('four', { force: 'server', privacy: 'local-only' }))
    const stream = client.stream({ messages: [{ role: 'user', content: 'five' }] })
    for await (const event of stream) if (event.type === 'delta') break
    const { routes } = await client.debug()
    assert.deepEqual(
      routes.map(({ outcome, decision, answer, errorCode }) => [outcome, decision?.target, answer?.source, errorCode]),
      [
        ['ok', 'browser', 'browser', undefined],
        ['ok', 'server', 'server', undefined],
        ['failed', 'server', undefined, 'on_purpose'],
        ['failed', undefined, undefined, 'no_target'],
        ['aborted', 'browser', undefined, undefined],
      ],
    )
    const [first] = routes
    assert.ok(first && first.at >= before && first.at <= Date.now())
    assert.deepEqual(
      [first.localOnly, first.decision?.model, first.attempts.length, first.answer?.promptBytesSent],
      [false, 'tiny', 1, 0],
    )
    assert.equal(routes[3]?.localOnly, true)
  })

  it('names every attempt', async (t) => {
    const { client } = await setup(t, { engine: { faults: [LOAD_FAILS] } })
    assert.equal((await client.generate('hi')).source, 'server')
    const [entry] = (await client.debug()).routes
    assert.deepEqual(
      entry?.attempts.map(({ target, outcome, errorCode }) => [target, outcome, errorCode]),
      [
        ['browser', 'failed', 'out_of_memory'],
        ['server', 'ok', undefined],
      ],
    )
  })

  it('is JSON without text, and without ids that the app gave', async (t) => {
    const { client } = await setup(t, { client: { subject: CANARY } })
    const wishes = { conversationId: CANARY, task: CANARY, system: CANARY }
    await client.generate(CANARY, { ...wishes, trace: true })
    await rejection(client.generate(CANARY, { ...wishes, signal: AbortSignal.abort(new Error(CANARY)) }))
    const told = await client.debug()
    assert.equal(JSON.stringify(told).includes(CANARY), false)
    assert.deepEqual(JSON.parse(JSON.stringify(told)).routes.length, told.routes.length)
    assert.deepEqual([told.mode, told.policy?.revision, told.policy?.isStale], ['auto', 'r1', false])
    assert.equal(told.models.tiny?.status, 'loaded')
  })

  it('is there before anything was asked, and while something hangs', async (t) => {
    const { client } = await setup(t, { engine: { faults: [LOAD_HANGS] } })
    const told = await client.debug()
    assert.deepEqual([told.routes, told.policy, told.device, told.reportsWaiting], [[], undefined, undefined, 0])
    const asked = rejection(client.generate('hi'))
    await client.debug()
    await client.dispose()
    await asked
  })

  it('goes back fifty requests', () => {
    const log = new RouteLog()
    for (let at = 0; at < 60; at++) log.add({ at, outcome: 'ok', localOnly: false, attempts: [] })
    assert.deepEqual([log.entries.length, log.entries[0]?.at], [50, 10])
  })
})
