import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { isSnapshotError } from '../../src/errors/snapshot-error.ts'
import { decide } from '../../src/policy/index.ts'
import { POLICIES } from '../../src/policy/policies/index.ts'
import type { DecisionRequest, State } from '../../src/wire.ts'
import { snapshot } from './fixtures.ts'

const LARGEST = Number.MAX_SAFE_INTEGER
const counts = { good: [0, 1, LARGEST, null], bad: [-1, 1.5, LARGEST + 1, '1', true, [], Number.NaN] }
const switches = { good: [true, false, null], bad: [0, 'true', {}] }
const upTo = (most: number) => ({ good: [0, most, null], bad: [...counts.bad, most + 1] })

/** What each option may be, and may not. */
const OPTIONS: Record<string, Record<string, { good: unknown[]; bad: unknown[] }>> = {
  enabled: { disabled: switches, rolloutBasisPoints: upTo(10_000) },
  capability: {
    allowCPU: switches,
    minRAMGB: { good: [0, 1e-9, 0.5, 4096, null], bad: ['2', true, -1, 4097, Number.NaN, Number.POSITIVE_INFINITY] },
  },
  privacy: {},
  preference: {},
  budget: { reserveMicroUSD: counts, hard: switches },
  tier: {
    rules: {
      good: [{}, null, { pro: 'server-only', free: '', '': 'browser-only', x: null }],
      bad: [[], 'x', { a: 1 }],
    },
    otherwise: { good: ['', null, 'prefer-browser', 'prefer-server'], bad: ['browser', 1, 'Browser-only', {}] },
  },
  health: {},
  sticky: { conversations: switches },
  readiness: { wait: switches, maxLoadMs: counts },
  battery: { minLevelPermille: upTo(1000) },
  speed: { deadlineMs: counts },
  task: { tasks: { good: [[], ['code'], null], bad: [[''], ['code', ''], [1], [null], 'code', {}] } },
  complexity: {
    maxPromptLength: counts,
    maxOutputTokens: counts,
    maxScore: upTo(1000),
    tasks: {
      good: [{}, { a: 'auto', b: 'simple', c: 'medium', d: 'complex' }, null],
      bad: [{ a: '' }, { a: null }, { '': 'simple' }, { a: 'hard' }, { a: 1 }, ['simple'], 'simple'],
    },
    weights: {
      good: [
        {},
        null,
        { tokens: null, digits: {} },
        { messages: { points: 0, full: 0 }, operators: { points: 0, full: 9 } },
        { tokens: { points: 1000, full: 2 ** 40 } },
      ],
      bad: [
        { tokens: { points: 1 } },
        { tokens: { points: 1001, full: 1 } },
        { tokens: { points: 1, full: 2 ** 40 + 1 } },
        { tokens: { points: -1, full: 1 } },
        { tokens: { points: 1, full: 1, half: 1 } },
        { tokens: 5 },
        { letters: { points: 1, full: 1 } },
        [],
      ],
    },
  },
  cost: { minSavingMicroUSD: counts, expectedRequests: counts },
}

const refused = { name: 'SnapshotError', code: 'snapshot_invalid' }

describe('options', () => {
  it('of every policy are listed here', () => {
    assert.deepEqual(Object.keys(OPTIONS), [...POLICIES.keys()])
  })

  for (const [name, options] of Object.entries(OPTIONS)) {
    const given = (options: unknown) => snapshot({ policies: [{ name, options }] })

    it(`of ${name} that make no sense are refused, by name`, () => {
      for (const [option, { good, bad }] of Object.entries(options)) {
        for (const value of good) given({ [option]: value })
        for (const value of bad) {
          const says = new RegExp(`policy "${name}": .*`)
          const shown = `${option}: ${JSON.stringify(value)}`
          assert.throws(() => given({ [option]: value }), { ...refused, message: says }, shown)
        }
      }
    })

    it(`of ${name} that nobody knows are refused`, () => {
      for (const unknown of [{ patience: 1 }, { hasOwnProperty: true }, [], 'x', 1]) {
        assert.throws(() => given(unknown), refused)
      }
      for (const none of [{}, null, undefined]) given(none)
    })
  }
})

describe('the facts about the identity', () => {
  const subject = { rolloutBucket: 3, server: {} }
  const prices = { promptMicroUSDPerMTok: 0, completionMicroUSDPerMTok: 1_000_000_000, egressMicroUSDPerGB: 1 }

  const good: [string, object][] = [
    ['nothing more', {}],
    ['nulls', { tier: null, budget: null, prices: null }],
    ['a budget that is overdrawn', { budget: { remainingMicroUSD: -LARGEST } }],
    ['a hard budget', { budget: { remainingMicroUSD: LARGEST, hard: true } }],
    ['prices up to the highest', { prices }],
    ['a fact of a later version', { mood: 'good', prices: { ...prices, storage: -1 } }],
  ]
  for (const [name, over] of good) it(`may be ${name}`, () => void snapshot({ subject: { ...subject, ...over } }))

  const bad: [string, object][] = [
    ['no server', { server: undefined }],
    ['no bucket', { rolloutBucket: undefined }],
    ['a tier that is no text', { tier: 3 }],
    ['a budget without an amount', { budget: {} }],
    ['a budget of a fraction', { budget: { remainingMicroUSD: 0.5 } }],
    ['a budget beyond 2^53', { budget: { remainingMicroUSD: -LARGEST - 1 } }],
    ['a budget of odd hardness', { budget: { remainingMicroUSD: 1, hard: 'very' } }],
    ['no budget but a number', { budget: 0 }],
    ['prices that lack one', { prices: { ...prices, egressMicroUSDPerGB: undefined } }],
    ['a price too high', { prices: { ...prices, completionMicroUSDPerMTok: 1_000_000_001 } }],
    ['a price below nothing', { prices: { ...prices, promptMicroUSDPerMTok: -1 } }],
    ['a price of a fraction', { prices: { ...prices, promptMicroUSDPerMTok: 0.1 } }],
    ['prices that are none', { prices: [] }],
  ]
  for (const [name, over] of bad) {
    it(`may not be ${name}`, () => {
      assert.throws(() => snapshot({ subject: { ...subject, ...over } }), refused)
      const raw = { ...snapshot(), subject: { ...subject, ...over } } as never
      assert.throws(() => decide(raw, {}, { promptLength: 1 }), isSnapshotError)
    })
  }
})

describe('what a policy of the page does with claims of the wrong type', () => {
  const reason = (name: string, state: object, request: Partial<DecisionRequest> = {}): string =>
    decide(snapshot({ policies: [{ name }] }), state as State, { promptLength: 40, ...request }).reason

  it('takes a battery for unknown, or for as full as can be', () => {
    for (const battery of [null, {}, { levelPermille: 10 }, { levelPermille: 10, charging: 'no' }]) {
      assert.equal(reason('battery', { battery }), 'optimal_for_browser')
    }
    assert.equal(reason('battery', { battery: { levelPermille: 1e9, charging: false } }), 'optimal_for_browser')
    assert.equal(reason('battery', { battery: { levelPermille: -1, charging: false } }), 'low_battery')
    assert.equal(reason('battery', { battery: { levelPermille: 199.9, charging: false } }), 'low_battery')
  })

  it('takes a speed for unknown, and a measured one before a predicted one', () => {
    const speed = (m1: object): string => reason('speed', { models: { m1 } })
    assert.equal(speed({ tokensPerSecondMilli: 'slow', predictedTokensPerSecondMilli: -1 }), 'optimal_for_browser')
    assert.equal(speed({ predictedTokensPerSecondMilli: 1 }), 'too_slow')
    assert.equal(speed({ tokensPerSecondMilli: 20_000, predictedTokensPerSecondMilli: 1 }), 'optimal_for_browser')
  })
})
