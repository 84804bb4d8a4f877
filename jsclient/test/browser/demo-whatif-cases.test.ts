/** The demo's "what if" shows what decide() says of the same things, and what the server says of this device. */
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { decide, features, parseSnapshot } from '../../src/policy/index.ts'
import type { Decision, DecisionRequest, RouteRequest, Snapshot, State } from '../../src/wire.ts'
import { useDemo } from './demo-fixture.ts'
import { type DemoPage, openDemo } from './demo-page.ts'
import { askOnce } from './demo-policies.ts'
import { startRecorder } from './demo-recorder.ts'
import { type Choices, type ShownCase, type WhatIf, whatIf } from './demo-whatif.ts'

/** Signal words at both ends: repeated, they must not run together. */
const PROMPT = 'Why is 7 less than what'

/** What decide() is asked. */
interface Asked {
  state: State
  request: DecisionRequest & { capabilities: NonNullable<DecisionRequest['capabilities']> }
}

describe('what if', () => {
  const run = useDemo()
  let opened: DemoPage
  let section: WhatIf
  let snapshot: Snapshot
  /** As the page itself asks, here and now. */
  let here: Asked

  before(async () => {
    await using recorder = await startRecorder(run.demo.origin)
    opened = await openDemo(run.harness.browser, { origin: recorder.origin, prepare: askOnce })
    await opened.preload()
    const renewed = opened.page.waitForResponse('**/api/v1/browser/policy')
    // An answer of the server leaves the device's state as it is, and shows what the page tells of it.
    await opened.ask('force-server', PROMPT)
    const asked = recorder.requests.find(({ what }) => what === 'POST /api/v1/browser/route')
    const bytes = asked?.bytes ?? assert.fail('the page asked nobody')
    const body: RouteRequest = JSON.parse(bytes.subarray(bytes.indexOf('\n{')).toString())
    const { capabilities, state, trace: _, preference: _forced, ...request } = body
    here = { state: state ?? {}, request: { ...request, capabilities } }
    await renewed
    section = whatIf(opened.page)
    await section.open()
    snapshot = parseSnapshot(await (await fetch(`${run.demo.origin}/api/v1/browser/policy`)).text())
  })
  after(() => opened[Symbol.asyncDispose]())

  test('begins with this device, and says what the server says', async () => {
    const { state, request } = here
    const body = JSON.stringify({ ...request, state, trace: true })
    const headers = { 'content-type': 'application/json' }
    const response = await fetch(`${run.demo.origin}/api/v1/browser/route`, { method: 'POST', headers, body })
    assert.deepEqual(await section.shown(), asShown((await response.json()) as Decision))
    const marks = await section.marks()
    assert.equal(marks.here, 'browser · optimal_for_browser')
    assert.deepEqual([marks.deciding, marks.changed, marks.numbers], [[], [], []])
    assert.match(marks.time, /^\d+\.\d µs, the mean of [\d,]+$/)
  })

  const webGPU = { hasWebGPU: true, hasWebGL2: true }
  /** A page with every engine and every model, on a desktop. */
  const desktop: Choices = { Engines: 'any', GPU: 'webgpu', Device: 'desktop', 'Model memory': '8', Models: 'cached' }
  const onDesktop = ({ state, request: { capabilities } }: Asked) => {
    state.models = everywhere('cached')
    const form = { isMobile: false, isTablet: false, isDesktop: true }
    Object.assign(capabilities, form, webGPU, { gpuTier: 'medium', estimatedAvailableRAMGB: 8 })
    delete capabilities.engines
    delete capabilities.gpu
  }
  const everywhere = (status: 'absent' | 'cached' | 'loaded') =>
    Object.fromEntries(snapshot.models.map(({ id }) => [id, { status }]))

  const cases: {
    name: string
    choices: Choices
    change: (asked: Asked) => void
    expected: [string, string]
    deciding: string[]
    model?: string
  }[] = [
    {
      name: 'the battery runs low',
      choices: { Battery: '19', Charging: 'no' },
      change: ({ state }) => Object.assign(state, { battery: { levelPermille: 190, charging: false } }),
      expected: ['server', 'low_battery'],
      deciding: ['battery'],
    },
    {
      name: 'the battery is just not low',
      choices: { Battery: '20', Charging: 'no' },
      change: ({ state }) => Object.assign(state, { battery: { levelPermille: 200, charging: false } }),
      expected: ['browser', 'optimal_for_browser'],
      deciding: [],
    },
    {
      name: 'nobody knows whether a low battery is charging',
      choices: { Battery: '5', Charging: 'unknown' },
      change: ({ state }) => Object.assign(state, { battery: { levelPermille: 50 } }),
      expected: ['browser', 'optimal_for_browser'],
      deciding: [],
    },
    {
      name: 'there is no connection, and no model yet',
      choices: { Network: 'offline', Models: 'absent' },
      change: ({ state }) => Object.assign(state, { network: { offline: true }, models: everywhere('absent') }),
      expected: ['none', 'offline'],
      deciding: ['offline', 'candidate', 'health'],
    },
    {
      name: 'there is no connection, but the model is on disk',
      choices: { Network: 'offline', Models: 'cached' },
      change: ({ state }) => Object.assign(state, { network: { offline: true }, models: everywhere('cached') }),
      expected: ['browser', 'offline'],
      deciding: ['health'],
    },
    {
      name: 'the connection is metered, and there is no model yet',
      choices: { Network: 'metered', Models: 'absent' },
      change: ({ state }) => Object.assign(state, { network: { metered: true }, models: everywhere('absent') }),
      expected: ['server', 'metered_network'],
      deciding: ['metered', 'candidate'],
    },
    {
      name: 'nothing may leave the device',
      choices: { Privacy: 'local-only' },
      change: ({ request }) => Object.assign(request, { privacy: 'local-only' }),
      expected: ['browser', 'local_only'],
      deciding: ['privacy'],
    },
    {
      name: 'nothing may leave the device, and there is no GPU',
      choices: { Privacy: 'local-only', GPU: 'none' },
      change: (asked) => {
        withoutGPU(asked)
        asked.request.privacy = 'local-only'
      },
      expected: ['none', 'local_only_unavailable'],
      deciding: ['capability', 'privacy'],
    },
    {
      name: 'there is no GPU',
      choices: { GPU: 'none' },
      change: withoutGPU,
      expected: ['server', 'insufficient_device_capabilities'],
      deciding: ['capability'],
    },
    {
      name: 'there is no GPU, and no model would hold the prompt',
      choices: { GPU: 'none', 'Prompt length': '160' },
      change: (asked) => {
        withoutGPU(asked)
        longer(asked)
      },
      expected: ['server', 'insufficient_device_capabilities'],
      deciding: ['capability'],
    },
    {
      name: 'there is little memory',
      choices: { 'Model memory': '1' },
      change: ({ request }) => Object.assign(request.capabilities, { estimatedAvailableRAMGB: 1 }),
      expected: ['server', 'insufficient_device_capabilities'],
      deciding: ['capability'],
    },
    {
      name: 'a longer prompt than the tiny model holds',
      choices: { 'Prompt length': '160' },
      change: longer,
      expected: ['server', 'context_window_exceeded'],
      deciding: ['context', 'candidate'],
    },
    {
      name: 'a desktop with every engine',
      choices: desktop,
      change: onDesktop,
      expected: ['browser', 'optimal_for_browser'],
      deciding: [],
      model: 'Phi-3 mini 3.8B Instruct',
    },
    {
      name: 'a desktop with every engine and a long prompt',
      choices: { ...desktop, 'Prompt length': '160' },
      change: (asked) => {
        onDesktop(asked)
        longer(asked)
      },
      expected: ['server', 'request_too_complex'],
      deciding: ['complexity'],
      model: 'Phi-3 mini 3.8B Instruct',
    },
    {
      name: 'a high-end desktop with every engine',
      choices: { ...desktop, Device: 'high-end' },
      change: (asked) => {
        onDesktop(asked)
        asked.request.capabilities.gpuTier = 'high'
      },
      expected: ['browser', 'optimal_for_browser'],
      deciding: [],
      model: 'Llama 3.1 8B Instruct',
    },
    {
      name: 'a phone with every engine and every model loaded',
      choices: { ...desktop, Device: 'mobile', 'Model memory': '2', Models: 'loaded' },
      change: (asked) => {
        onDesktop(asked)
        const form = { isMobile: true, isTablet: false, isDesktop: false }
        Object.assign(asked.request.capabilities, form, { gpuTier: here.request.capabilities.gpuTier })
        if (here.request.capabilities.gpuTier === 'none') delete asked.request.capabilities.gpuTier
        asked.request.capabilities.estimatedAvailableRAMGB = 2
        asked.state.models = everywhere('loaded')
      },
      expected: ['browser', 'optimal_for_browser'],
      deciding: [],
      model: 'Llama 3.2 1B Instruct',
    },
  ]

  for (const { name, choices, change, expected, deciding, model } of cases) {
    test(`${name}: ${expected.join(', ')}`, async () => {
      await section.reset()
      await section.set(choices)
      const shown = await section.shown()
      assert.deepEqual([shown.target, shown.reason], expected)
      const asked = structuredClone(here)
      change(asked)
      assert.deepEqual(shown, asShown(decide(snapshot, asked.state, asked.request, { trace: true })))
      assert.deepEqual((await section.marks()).deciding, deciding)
      if (model) assert.equal(shown.model, model)
    })
  }
})

function withoutGPU({ request: { capabilities } }: Asked): void {
  Object.assign(capabilities, { hasWebGPU: false, hasWebGL2: false, gpuTier: 'none' })
  delete capabilities.gpu
}

/** The prompt at step 160 of its slider, which is what makes 2,759 characters: lines of it, one after the other. */
function longer({ request }: Asked): void {
  const text = `${PROMPT}\n`.repeat(200).slice(0, 2759)
  Object.assign(request, { promptLength: text.length, features: { ...features(text), messages: 1 } })
}

/** A decision in the words of the page. */
function asShown({ target, reason, modelInfo, alternates = [], fallback, preload, trace = [] }: Decision): ShownCase {
  const verbs: Record<string, string> = { forbid: 'forbids', prefer: 'prefers' }
  const policies = trace.filter(({ step }) => step !== 'filter' && step !== 'outcome')
  const filters = trace.filter(({ step }) => step === 'filter')
  return {
    target,
    reason,
    model: modelInfo?.name ?? '–',
    alternates: alternates.map(({ name }) => name).join(', ') || '–',
    fallback: fallback ?? '–',
    preload: preload ? 'this model' : '–',
    filters: Object.fromEntries(filters.map(({ by, remaining = 0 }) => [by, remaining])),
    policies: Object.fromEntries(
      policies.map(({ step, by, said, target: side }) => [
        by,
        verbs[step] ? `${verbs[step]} ${side}: ${said}` : 'abstains',
      ]),
    ),
    score: policies.find(({ by }) => by === 'complexity')?.detail?.score ?? Number.NaN,
  }
}
