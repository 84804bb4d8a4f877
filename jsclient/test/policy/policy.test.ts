import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { isInvalidRequestError } from '../../src/errors/invalid-request-error.ts'
import { isSnapshotError } from '../../src/errors/snapshot-error.ts'
import { FILTERS } from '../../src/policy/filter.ts'
import {
  codePoints,
  decide,
  ModelSelector,
  parseParameters,
  parseSnapshot,
  promptTokens,
} from '../../src/policy/index.ts'
import type { DecisionRequest, ModelState, PolicySpec, RequestInfo, Snapshot, SnapshotLimits } from '../../src/wire.ts'
import { builtin, model, snapshot } from './fixtures.ts'

const request: DecisionRequest = { promptLength: 40 }

describe('decide', () => {
  it('takes null for unknown', () => {
    const nothing = { models: { m1: null }, battery: null, network: null, mode: null } as never
    const nobody = { ...request, capabilities: null, features: null, needs: null } as never
    const unknown = decide(snapshot(), {}, request)
    assert.deepEqual(decide(snapshot(), nothing, nobody), unknown)
    assert.deepEqual(decide(snapshot(), null, request), unknown)
    const wishes = { promptTokens: null, maxTokens: null, task: null, conversationId: null, complexity: null }
    assert.deepEqual(decide(snapshot(), {}, { ...request, ...wishes } as never), unknown)
  })
})

describe('parseSnapshot', () => {
  it('reads text and values, and fills in the ages', () => {
    const { maxAge, staleIfUnreachable } = parseSnapshot(JSON.stringify(snapshot()))
    assert.equal(maxAge, 300)
    assert.equal(staleIfUnreachable, 2_592_000)
    assert.equal(snapshot({ maxAge: 0 }).maxAge, 0)
    assert.deepEqual(snapshot({ policies: null }).policies, [])
  })

  it('refuses a newer schema by its own code', () => {
    assert.throws(() => snapshot({ schema: 2 }), { name: 'SnapshotError', code: 'snapshot_unsupported' })
  })

  const bad: [string, unknown][] = [
    ['text that was cut short', JSON.stringify(snapshot()).slice(0, -20)],
    ['no object', []],
    ['no schema', { ...snapshot(), schema: undefined }],
    ['no revision', { ...snapshot(), revision: undefined }],
    ['no policies', { ...snapshot(), policies: undefined }],
    ['no models', { ...snapshot(), models: undefined }],
    ['no subject', { ...snapshot(), subject: undefined }],
    ['a negative age', { ...snapshot(), maxAge: -1 }],
    ['a grant without its token', { ...snapshot(), grant: { id: 'g' } }],
    ['an unknown policy', { ...snapshot(), policies: [{ name: 'astrology' }] }],
    ...['Acme.x', '.x', 'acme x.y', `a.${'x'.repeat(63)}`, ['acme.x'], undefined].map((name): [string, unknown] => [
      `a malformed name, ${JSON.stringify(name)}`,
      { ...snapshot(), policies: [{ name, opaque: true }] },
    ]),
    ...['acme', 'candidate', 'privacy', 'cost'].map((name): [string, unknown] => [
      `the reserved name ${name}`,
      { ...snapshot(), policies: [{ name, opaque: true }] },
    ]),
    ['a policy twice', { ...snapshot(), policies: [{ name: 'privacy' }, { name: 'privacy' }] }],
    ['an unknown option', { ...snapshot(), policies: [{ name: 'readiness', options: { patience: 1 } }] }],
    ['an option of a policy that has none', { ...snapshot(), policies: [{ name: 'privacy', options: { x: 1 } }] }],
    ['an option of the wrong type', { ...snapshot(), policies: [{ name: 'readiness', options: { wait: 1 } }] }],
    ['a fraction', { ...snapshot(), policies: [{ name: 'readiness', options: { maxLoadMs: 1.5 } }] }],
    [
      'an option out of range',
      { ...snapshot(), policies: [{ name: 'enabled', options: { rolloutBasisPoints: 10_001 } }] },
    ],
    ['an unknown limit', { ...snapshot(), limits: { maxHeight: 3 } }],
    ['a negative limit', { ...snapshot(), limits: { maxFailures: -1 } }],
    ['engines that are no names', { ...snapshot(), limits: { disabledEngines: [1] } }],
    ['an unknown name in first', { ...snapshot(), first: ['nobody'] }],
    ['the choice of a model in first', { ...snapshot(), first: ['candidate'] }],
    ['a name twice in first', { ...snapshot(), first: ['cost', 'task', 'cost'] }],
    ...[{ forbid: ['moon'] }, { forbid: ['none'] }, { prefer: ['server', 'none'] }].map(
      (effects): [string, unknown] => [
        `effects on no target, ${JSON.stringify(effects)}`,
        { ...snapshot(), policies: [{ name: 'a.b', opaque: true, effects }] },
      ],
    ),
    ['an odd whenUnreachable', { ...snapshot(), policies: [{ name: 'a.b', opaque: true, whenUnreachable: 'hope' }] }],
    ['a model twice', { ...snapshot(), models: [model, model] }],
    ['a model without an id', { ...snapshot(), models: [{ ...model, id: '' }] }],
    ['a model without a context window', { ...snapshot(), models: [{ ...model, contextWindow: 0 }] }],
    ['a model of a fractional context', { ...snapshot(), models: [{ ...model, contextWindow: 0.5 }] }],
    ['a model of a context in words', { ...snapshot(), models: [{ ...model, contextWindow: '4096' }] }],
    ['a model of an unknown tier', { ...snapshot(), models: [{ ...model, minDeviceTier: 'huge' }] }],
    [
      'a model of a tier that every object has',
      { ...snapshot(), models: [{ ...model, minDeviceTier: 'constructor' }] },
    ],
    ['a model with an empty word', { ...snapshot(), models: [{ ...model, capabilities: [''] }] }],
    ['a model of odd size', { ...snapshot(), models: [{ ...model, parameters: 'many' }] }],
  ]
  for (const [name, value] of bad) {
    it(`refuses ${name}`, () => {
      assert.throws(() => parseSnapshot(value), { name: 'SnapshotError', code: 'snapshot_invalid' })
    })
  }

  it('takes names as long as they may be', () => {
    snapshot({
      policies: [
        { name: `a.${'x'.repeat(62)}`, opaque: true },
        { name: 'a_1.b.c', opaque: true },
      ],
    })
  })

  it('is not needed before decide, which refuses the same', () => {
    const raw = { ...snapshot(), policies: [{ name: 'astrology' }] }
    assert.throws(() => decide(raw, {}, request), isSnapshotError)
  })
})

describe('decide', () => {
  it('is pure', () => {
    const args: Parameters<typeof decide> = [
      snapshot(),
      { mode: 'always' },
      { ...request, capabilities: { engines: ['transformers.js'] } },
    ]
    const before = JSON.stringify(args)
    assert.deepEqual(decide(...args), decide(...args))
    assert.equal(JSON.stringify(args), before)
  })

  it('takes words as long as they may be', () => {
    const engines = ['transformers.js', ...Array(15).fill('é'.repeat(32))]
    const words = { task: 'é'.repeat(100), conversationId: '你'.repeat(66), engines }
    assert.equal(decide(snapshot(), {}, { ...request, ...words }).target, 'browser')
  })

  it('refuses nonsense in the request, by the name of the field', () => {
    const bad: [string, object][] = [
      ['promptLength', {}],
      ['promptLength', { promptLength: -1 }],
      ['maxTokens', { promptLength: 1, maxTokens: 1.5 }],
      ['needs.n', { promptLength: 1, needs: { n: -1 } }],
      ['features.cjk', { promptLength: 1, features: { cjk: Number.NaN } }],
      ['complexity', { promptLength: 1, complexity: 'high' }],
      ['privacy', { promptLength: 1, privacy: 'please' }],
      ['preference', { promptLength: 1, preference: 'no' }],
      ['inToolLoop', { promptLength: 1, inToolLoop: 'mars' }],
      ['lastTarget', { promptLength: 1, lastTarget: 'none' }],
      ['task', { promptLength: 1, task: 'é'.repeat(101) }],
      ['task', { promptLength: 1, task: 5 }],
      ['engines', { promptLength: 1, engines: 'webllm' }],
      ['engines', { promptLength: 1, engines: [1] }],
      ['engines', { promptLength: 1, engines: [null] }],
      ['engines', { promptLength: 1, engines: ['webllm', ''] }],
      ['engines', { promptLength: 1, engines: Array(17).fill('webllm') }],
      ['engines', { promptLength: 1, engines: ['webllm', `${'é'.repeat(32)}x`] }],
      ['conversationId', { promptLength: 1, conversationId: ['c'] }],
      ['conversationId', { promptLength: 1, conversationId: 'x'.repeat(201) }],
    ]
    for (const [param, info] of bad) {
      assert.throws(
        () => decide(snapshot(), {}, info as RequestInfo),
        (error) => isInvalidRequestError(error) && error.param === param,
      )
    }
  })

  it('takes claims that make no sense for unknown', () => {
    const odd = { estimatedAvailableRAMGB: 'much', gpu: { features: 'all' }, engines: 7 } as object
    const state = { models: { m1: { status: 'soon' } }, mode: 'maybe' } as object
    assert.equal(decide(snapshot(), state, { ...request, capabilities: odd }).target, 'browser')
    assert.equal(
      decide(snapshot(), {}, { ...request, capabilities: { estimatedAvailableRAMGB: -3 } }).target,
      'browser',
    )
    assert.equal(
      decide(snapshot(), {}, { ...request, capabilities: { estimatedAvailableRAMGB: 1.99 } }).target,
      'server',
    )
  })

  it('chooses among the engines that can honour the request', () => {
    const chosen = (engines: string[] | null | undefined) => {
      const { target, reason, fallback } = decide(snapshot(), {}, { ...request, engines } as RequestInfo)
      return [target, reason, fallback]
    }
    for (const engines of [undefined, null, ['webllm', 'transformers.js']]) {
      assert.deepEqual(chosen(engines), ['browser', 'optimal_for_browser', 'server'])
    }
    for (const engines of [[], ['webllm'], ['constructor']]) {
      assert.deepEqual(chosen(engines), ['server', 'feature_unsupported', undefined])
    }
    const { trace = [] } = decide(snapshot(), {}, { ...request, engines: [] }, { trace: true })
    const step = { step: 'filter', by: 'features', remaining: 0, said: 'feature_unsupported', target: 'browser' }
    assert.deepEqual(
      trace.find(({ by }) => by === 'features'),
      step,
    )
  })

  it('matches a long label by what the server keeps of it', () => {
    const framework = `acme/${'x'.repeat(58)}`
    const picks = (label: string) =>
      decide(snapshot({ models: [{ ...model, framework }] }), {}, { ...request, capabilities: { engines: [label] } })
    assert.equal(framework.length, 63)
    for (const label of [framework, `${framework}€`]) assert.equal(picks(label).modelInfo?.id, 'm1', label)
    for (const label of [`${framework}x`, `${framework.slice(1)}€`]) assert.equal(picks(label).modelInfo, undefined)
  })

  it('takes what a model leaves null for unsaid', () => {
    const nothing = { parameters: null, sizeBytes: null, minRAMGB: null, minDeviceTier: null, capabilities: null }
    const models = [{ ...model, ...nothing, requires: null, supports: null, disabled: null }]
    assert.equal(decide(snapshot({ models }), {}, request).modelInfo?.id, 'm1')
    const needs = { tools: true }
    assert.equal(decide(snapshot({ models }), {}, { ...request, needs }).reason, 'feature_unsupported')
  })

  it('does not mix models up with what every object has', () => {
    const models = [{ ...model, id: 'constructor' }]
    assert.equal(decide(snapshot({ models }), { models: {} }, request).modelInfo?.id, 'constructor')
  })

  it('explains itself when asked', () => {
    assert.equal(decide(snapshot(), {}, request).trace, undefined)
    const { trace = [] } = decide(snapshot(), {}, { ...request, maxTokens: 4000 }, { trace: true })
    assert.deepEqual(
      trace.filter(({ step }) => step === 'filter').map(({ by }) => by),
      [...FILTERS],
    )
    assert.deepEqual(
      trace.find(({ by }) => by === 'context'),
      { step: 'filter', by: 'context', said: 'context_window_exceeded', target: 'browser', remaining: 0 },
    )
    const forbids = { step: 'forbid', by: 'candidate', said: 'context_window_exceeded', target: 'browser' }
    assert.deepEqual(
      trace.find(({ by }) => by === 'candidate'),
      forbids,
    )
    assert.deepEqual(trace.find(({ by }) => by === 'complexity')?.detail, {
      promptLength: 40,
      maxPromptLength: 2000,
      outputTokens: 4000,
      maxOutputTokens: 500,
    })
    assert.deepEqual(trace.at(-1), { step: 'outcome', by: 'rule', said: 'context_window_exceeded', target: 'server' })
  })

  it('tells of the choice of a model between capability and privacy', () => {
    const { trace = [] } = decide(snapshot(), {}, request, { trace: true })
    const at = trace.findIndex(({ by }) => by === 'candidate')
    assert.deepEqual(trace[at], { step: 'abstain', by: 'candidate' })
    assert.deepEqual([trace[at - 1]?.by, trace[at + 1]?.by], ['capability', 'privacy'])
  })
})

describe('policies that only the server can evaluate', () => {
  const withOpaque = (spec: Partial<PolicySpec>, over: object = {}): Snapshot =>
    snapshot({ policies: [...builtin, { name: 'acme.x', opaque: true, ...spec }], ...over })
  const undecidable = (snap: Snapshot, info: Partial<RequestInfo> = {}): readonly string[] =>
    decide(snap, {}, { ...request, ...info }).undecidable

  it('matter by default', () => {
    assert.deepEqual(undecidable(withOpaque({})), ['acme.x'])
    assert.deepEqual(undecidable(snapshot()), [])
  })

  it('do not matter when they may say nothing', () => {
    assert.deepEqual(undecidable(withOpaque({ effects: {} })), [])
  })

  it('do not matter when what they may forbid is forbidden already', () => {
    const forbidsServer = withOpaque({ effects: { forbid: ['server'] } })
    assert.deepEqual(undecidable(forbidsServer), ['acme.x'])
    assert.deepEqual(undecidable(forbidsServer, { privacy: 'local-only' }), [])
  })

  it('do not matter when their preference comes too late', () => {
    const prefers = withOpaque({ effects: { prefer: ['server'] } })
    assert.deepEqual(undecidable(prefers), ['acme.x'])
    assert.deepEqual(undecidable(prefers, { preference: 'always' }), [])
    assert.deepEqual(undecidable(prefers, { preference: 'never' }), [])
    const first = withOpaque({ effects: { prefer: ['server'] } }, { first: ['acme.x'] })
    assert.deepEqual(undecidable(first, { preference: 'always' }), ['acme.x'])
  })

  it('count as they declare when the server is out of reach', () => {
    const alone = (spec: Partial<PolicySpec>) => decide(withOpaque(spec), {}, request, { unreachable: true })
    assert.deepEqual(alone({}).undecidable, [])
    assert.equal(alone({}).target, 'browser')
    const forbids = alone({ effects: { forbid: ['browser'] }, whenUnreachable: 'forbid' })
    assert.equal(forbids.target, 'server')
    assert.equal(forbids.reason, 'policy_unreachable')
    assert.equal(forbids.fallback, undefined)
    assert.equal(alone({ whenUnreachable: 'forbid' }).target, 'none')
    assert.equal(alone({ effects: { prefer: ['server'] }, whenUnreachable: 'forbid' }).target, 'browser')
  })

  it('show in a trace what they count as, for either target', () => {
    const steps = (spec: Partial<PolicySpec>, unreachable = true) =>
      decide(withOpaque(spec), {}, request, { unreachable, trace: true }).trace?.filter(({ by }) => by === 'acme.x')
    const forbid = { step: 'forbid', by: 'acme.x', said: 'policy_unreachable' }
    assert.deepEqual(steps({ whenUnreachable: 'forbid' }), [
      { ...forbid, target: 'browser' },
      { ...forbid, target: 'server' },
    ])
    assert.deepEqual(steps({ whenUnreachable: 'forbid' }, false), [{ step: 'abstain', by: 'acme.x' }])
    assert.deepEqual(steps({}), [{ step: 'abstain', by: 'acme.x' }])
  })
})

describe('ModelSelector', () => {
  const models = ['350M', '1.1B', '3.8B'].map((parameters, i) => ({ ...model, id: `m${i}`, parameters }))

  it('prefers what is on the device, then quality', () => {
    const selector = new ModelSelector(models)
    assert.equal(selector.select().model?.id, 'm2')
    assert.deepEqual(
      selector.select().alternates.map(({ id }) => id),
      ['m1', 'm0'],
    )
    const { model: best, state } = selector.select({ models: { m0: { status: 'loaded' }, m1: { status: 'cached' } } })
    assert.equal(best?.id, 'm0')
    assert.equal(state.status, 'loaded')
  })

  it('puts those that are known to be slow behind', () => {
    const order = (states: Record<string, ModelState>, limits?: SnapshotLimits) => {
      const { model: best, alternates } = new ModelSelector(models, limits).select({ models: states })
      return [best, ...alternates].map((one) => one?.id).join(' ')
    }
    const slow = { tokensPerSecondMilli: 4999 }
    const fast = { tokensPerSecondMilli: 5000 }
    assert.equal(order({ m0: { status: 'cached' }, m2: { status: 'loaded', ...slow } }), 'm0 m2 m1')
    assert.equal(order({ m0: { status: 'cached' }, m2: { status: 'loaded', ...fast } }), 'm2 m0 m1')
    assert.equal(order({ m1: { status: 'loaded', ...slow }, m2: { status: 'cached', ...slow } }), 'm1 m2 m0')
    assert.equal(order({ m0: { status: 'cached', ...slow } }), 'm0 m2 m1')
    assert.equal(order({ m2: { predictedTokensPerSecondMilli: 1 } }), 'm1 m0 m2')
    assert.equal(order({ m2: { ...fast, predictedTokensPerSecondMilli: 1 } }), 'm2 m1 m0')
    assert.equal(order({ m2: { ...slow, predictedTokensPerSecondMilli: 9000 } }), 'm1 m0 m2')
    assert.equal(order({ m2: slow }, { fastTokensPerSecondMilli: 4999 }), 'm2 m1 m0')
  })

  it('names the filter that left none', () => {
    assert.equal(new ModelSelector([]).select().emptied, undefined)
    assert.equal(new ModelSelector(models).select({ tokens: 1e6 }).emptied, 'context')
    assert.equal(new ModelSelector(models, { maxModelBytes: 1 }).select().emptied, 'size')
    assert.equal(new ModelSelector(models).select({ network: { offline: true } }).emptied, 'offline')
    assert.equal(new ModelSelector(models).select({ device: { engines: [] } }).emptied, 'engine')
    assert.equal(new ModelSelector(models).select({ engines: [] }).emptied, 'features')
  })

  it('refuses models that make no sense', () => {
    assert.throws(() => new ModelSelector([{ ...model, sizeBytes: -1 }]), /sizeBytes/)
  })
})

describe('numbers', () => {
  it('counts code points; a lone surrogate is one', () => {
    for (const [text, count] of [
      ['', 0],
      ['abc', 3],
      ['é😀', 2],
      ['\ud800', 1],
      ['\udc00\ud800', 2],
      ['\ud800\ud83d\ude00', 2],
    ] as const) {
      assert.equal(codePoints(text), count)
    }
  })

  it('reads parameter counts', () => {
    assert.equal(parseParameters('350M'), 350_000_000)
    assert.equal(parseParameters('1.1b'), 1_100_000_000)
    assert.equal(parseParameters(''), 0)
    assert.equal(parseParameters('+1e3M'), 1_000_000_000)
    assert.equal(parseParameters('.5K'), 500)
    for (const text of ['B', '1', '-1B', '1e9B', '0x1p4B', '1_0B', '1 B', 'InfB'])
      assert.ok(Number.isNaN(parseParameters(text)), text)
  })

  it('estimates tokens in whole numbers', () => {
    assert.equal(promptTokens({ promptLength: 9 }), 3)
    assert.equal(promptTokens({ promptLength: 9, promptTokens: 5 }), 5)
    assert.equal(promptTokens({ promptLength: 100, features: { codePoints: 50, cjk: 25 } }), 63)
    assert.equal(promptTokens({ promptLength: 2 ** 40, features: { codePoints: 3, cjk: 1 } }) % 1, 0)
  })
})
