import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { NavigatorLike } from '../../src/capability/environment.ts'
import { detectBattery, detectNetwork, detectState } from '../../src/capability/state.ts'
import type { NetworkState } from '../../src/wire.ts'

describe('network', () => {
  const cases: [name: string, navigator: NavigatorLike | undefined, network: NetworkState][] = [
    ['no navigator', undefined, {}],
    ['online proves nothing', { onLine: true }, {}],
    ['offline is believed', { onLine: false }, { offline: true }],
    ['saveData', { connection: { saveData: true } }, { saveData: true }],
    ['saveData is off', { connection: { saveData: false, effectiveType: '4g' } }, { saveData: false }],
    ['cellular is metered', { connection: { type: 'cellular' } }, { metered: true }],
    ['wifi may be a phone', { connection: { type: 'wifi' } }, {}],
    [
      'what the browser says of metering wins',
      { connection: { type: 'cellular', metered: false } },
      { metered: false },
    ],
  ]
  for (const [name, navigator, network] of cases) {
    test(name, () => assert.deepEqual(detectNetwork(navigator), network))
  }
})

describe('battery', () => {
  const battery = (level: number, charging: boolean): NavigatorLike => ({
    getBattery: async () => ({ level, charging }),
  })

  test('in thousandths', async () => {
    assert.deepEqual(await detectBattery(battery(0.196, false)), { levelPermille: 196, charging: false })
    assert.deepEqual(await detectBattery(battery(1, true)), { levelPermille: 1000, charging: true })
  })

  test('unknown where it is missing, fails, hangs or makes no sense', async () => {
    const bad: (NavigatorLike | undefined)[] = [
      undefined,
      {},
      { getBattery: () => Promise.reject(new Error('forbidden')) },
      { getBattery: () => new Promise(() => {}) },
      battery(Number.NaN, false),
    ]
    for (const navigator of bad) assert.equal(await detectBattery(navigator, { timeoutMs: 10 }), undefined)
  })
})

test('state has what is known', async () => {
  const navigator: NavigatorLike = { onLine: false, getBattery: async () => ({ level: 0.5, charging: true }) }
  assert.deepEqual(await detectState({ environment: { navigator } }), {
    battery: { levelPermille: 500, charging: true },
    network: { offline: true },
  })
  assert.deepEqual(await detectState({ environment: {} }), { network: {} })
})
