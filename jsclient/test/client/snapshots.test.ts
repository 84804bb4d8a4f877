import assert from 'node:assert/strict'
import { describe, it, type TestContext } from 'node:test'
import { isNetworkError } from '../../src/errors/network-error.ts'
import { isNoTargetError } from '../../src/errors/no-target-error.ts'
import { isSnapshotError } from '../../src/errors/snapshot-error.ts'
import { rejection, settled, setup, until } from './setup.ts'

const HOUR = 3_600_000

/** A client whose snapshots come as `tamper` makes them, and whose clock stands until it is set. */
async function tampered(t: TestContext, tamper: (json: string) => string) {
  const clock = { now: 1_700_000_000_000 }
  const hands = { tamper, read: 0 }
  const fetched: typeof fetch = async (url, init) => {
    const response = await fetch(url, init)
    if (!String(url).endsWith('/browser/policy')) return response
    const body = hands.tamper(await response.text())
    hands.read++
    return new Response(body, { status: response.status })
  }
  const parts = await setup(t, { engine: { cached: ['tiny'] }, client: { fetch: fetched, now: () => clock.now } })
  await parts.client.initialize()
  return { ...parts, clock, hands }
}

/** Waits until the client has that many answers, and made of them what it will. */
async function answered(hands: { readonly read: number }, answers: number): Promise<void> {
  await until(() => hands.read === answers)
  await settled()
}

const unusable: [kind: string, code: string, tamper: (json: string) => string][] = [
  ['of a newer schema', 'snapshot_unsupported', (json) => JSON.stringify({ ...JSON.parse(json), schema: 2 })],
  ['that was cut short', 'snapshot_invalid', (json) => json.slice(0, -9)],
  [
    'with a policy that is unknown here',
    'snapshot_invalid',
    (json) => JSON.stringify({ ...JSON.parse(json), policies: [{ name: 'astrology' }] }),
  ],
  [
    'with an option that is unknown here',
    'snapshot_invalid',
    (json) => JSON.stringify({ ...JSON.parse(json), policies: [{ name: 'enabled', options: { moon: 'full' } }] }),
  ],
]
const untouched = (json: string): string => json

describe('a snapshot', () => {
  for (const [kind, code, tamper] of [...unusable, ['that is too old', 'snapshot_expired', untouched] as const]) {
    const age = code === 'snapshot_expired' ? HOUR + 1000 : 0

    it(`${kind} leaves the decision to the server`, async (t) => {
      const { client, server, clock } = await tampered(t, tamper)
      clock.now += age
      assert.equal((await client.generate('hi')).route.decidedBy, 'server')
      assert.equal(server.bodies('/browser/route').length, 1)
    })

    it(`${kind} is an error when the server is out of reach`, async (t) => {
      const { client, server, engine, clock } = await tampered(t, tamper)
      await server.stop()
      clock.now += age
      for (const force of [undefined, 'browser'] as const) {
        const error = await rejection(client.generate('hi', { force }))
        assert.ok(isSnapshotError(error) && error.code === code, String(error))
        assert.ok(isNetworkError(error.cause))
      }
      const error = await rejection(client.generate('hi', { privacy: 'local-only' }))
      assert.ok(isNoTargetError(error) && isSnapshotError(error.cause) && error.cause.code === code)
      assert.deepEqual(engine.log, [])
    })
  }

  for (const [kind, code, tamper] of unusable) {
    const keeps = kind === 'that was cut short'
    it(`${kind} ${keeps ? 'leaves' : 'ends'} the one before it`, async (t) => {
      const parts = await tampered(t, untouched)
      const { client, server, clock, hands } = parts
      hands.tamper = tamper
      clock.now += 301_000
      await client.generate('one')
      await answered(hands, 2)
      await server.stop()
      const answer = client.generate('two')
      if (keeps) return assert.equal((await answer).route.decidedBy, 'page')
      const error = await rejection(answer)
      assert.ok(isSnapshotError(error) && error.code === code)
    })
  }

  it('that is too old says so, whatever came after it', async (t) => {
    const parts = await tampered(t, untouched)
    const { client, server, clock, hands } = parts
    hands.tamper = (json) => json.slice(0, -9)
    clock.now += 301_000
    await client.generate('one')
    await answered(hands, 2)
    await server.stop()
    clock.now += HOUR
    const error = await rejection(client.generate('two'))
    assert.ok(isSnapshotError(error) && error.code === 'snapshot_expired')
  })

  it('holds for its maxAge, however short it may be stale', async (t) => {
    const { client, server, clock } = await tampered(t, (json) =>
      JSON.stringify({ ...JSON.parse(json), maxAge: 300, staleIfUnreachable: 0 }),
    )
    await server.stop()
    clock.now += 300_000
    assert.equal((await client.generate('one')).route.decidedBy, 'page')
    clock.now += 1
    const error = await rejection(client.generate('two'))
    assert.ok(isSnapshotError(error) && error.code === 'snapshot_expired')
  })

  for (const [kind, tamper] of [
    ['usable', untouched],
    ['cut short', (json: string) => json.slice(0, -9)],
  ] as const) {
    it(`that came ${kind} and then cut short is forgotten with the identity`, async (t) => {
      const parts = await tampered(t, tamper)
      const { client, server, clock, hands } = parts
      const refetch = async (): Promise<void> => {
        const before = hands.read
        clock.now += 301_000
        await client.generate('hi')
        await answered(hands, before + 1)
      }
      hands.tamper = (json) => json.slice(0, -9)
      await refetch()
      assert.equal(client.policy !== undefined, tamper === untouched)
      server.behaviour = { policyStatus: 401 }
      await refetch()
      assert.equal(client.policy, undefined)
      const error = await rejection(client.generate('hi', { privacy: 'local-only' }))
      assert.ok(isNoTargetError(error) && isSnapshotError(error.cause))
      assert.equal(error.cause.code, 'snapshot_missing')
    })
  }

  it('that can be used again is used again', async (t) => {
    const parts = await tampered(t, (json) => json.slice(0, -9))
    const { client, server, clock, hands } = parts
    hands.tamper = untouched
    clock.now += 31_000
    await client.generate('one')
    await answered(hands, 2)
    await server.stop()
    assert.equal((await client.generate('two')).route.decidedBy, 'page')
  })

  it('is shown while it can be used', async (t) => {
    const { client, server, clock } = await tampered(t, untouched)
    assert.equal(client.policy?.revision, 'r1')
    assert.equal(client.policy.models, client.models)
    await server.stop()
    clock.now += HOUR
    assert.equal(client.policy?.revision, 'r1')
    clock.now += 1
    assert.equal(client.policy, undefined)
    assert.deepEqual(client.models, [])
    const { client: fresh } = await setup(t)
    assert.equal(fresh.policy, undefined)
  })

  it('that never came is the network error that it is', async (t) => {
    const { client, server } = await setup(t)
    await server.stop()
    assert.ok(isNetworkError(await rejection(client.generate('hi'))))
  })
})
