/**
 * Local-only: no byte of the prompt leaves the device, whatever fails. In Chromium, with all recorded that reaches the
 * page's own origin, and a sink for every other host; the controls beside this show that a leak would be seen.
 */
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { setTimeout } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { FakeServer } from '../../src/testing/fake-server.ts'
import { testModel } from '../../src/testing/model.ts'
import { testSnapshot } from '../../src/testing/snapshot.ts'
import { limitStorage } from '../browser/faults.ts'
import type { TestPage } from '../browser/harness.ts'
import type { Arrival } from '../browser/recorder.ts'
import { serve } from '../client/wire-server.ts'
import { faultyFiles } from '../engines/faulty-files.ts'
import { ANSWER, CANARIES, FREE } from './leak-canaries.ts'
import { FAILURES, type Failure, REAL, REAL_MODEL, SERVED, WAYS } from './leak-failures.ts'
import { type LeakHarness, leaks, startLeakHarness, until } from './leak-harness.ts'
import type { Ended, Scenario } from './pages/leak-page.ts'

const PAGE = '/page.js'
const REPORTS = 'POST /api/v1/browser/analytics'
const path = (relative: string) => fileURLToPath(new URL(relative, import.meta.url))
const files = path('../../../examples/tinymodel/files/')

describe('a local-only request says nothing to anybody', () => {
  const server = new FakeServer()
  let run: LeakHarness
  let opened: TestPage
  before(async () => {
    run = await startLeakHarness({
      bundles: { [PAGE]: path('pages/leak-page.ts'), '/worker.js': path('../../src/engines/transformers/worker.ts') },
      dirs: { '/models/': files, '/ort/': path('../../node_modules/onnxruntime-web/dist/') },
      routes: { '/api/': serve(server), ...faultyFiles(files, /\.onnx$/) },
    })
    opened = await run.harness.open()
  })
  after(async () => {
    await run[Symbol.asyncDispose]()
  })

  const checkSilence = (from: number) => {
    assert.deepEqual(leaks(run.arrivals.slice(from), Object.values(CANARIES)), [])
    assert.deepEqual(run.caught, [])
  }

  const check = async (client: Scenario['client'], failure: Failure) => {
    const { name: _, ends: __, ways = WAYS, early = [], late = [], snapshot, offline, quota, ...rest } = failure
    const model = failure.real ? REAL_MODEL : testModel()
    server.snapshot = testSnapshot({ models: [model], ...snapshot })
    const before = run.arrivals.length
    for (const way of ways) {
      const all = run.arrivals.length
      server.faults = early
      await opened.call(PAGE, 'begin', { client, model, ...rest } satisfies Scenario)
      server.faults = late
      await opened.context.setOffline(offline ?? false)
      if (quota !== undefined) await limitStorage(opened, quota)
      const asking = run.arrivals.length
      const ended = await opened.call<Ended>(PAGE, 'ask', way)
      const arrived = run.arrivals.slice(client === 'local' ? all : asking).map(({ what }) => what)
      await opened.context.setOffline(false)
      if (quota !== undefined) await limitStorage(opened)
      await opened.call(PAGE, 'end')
      checkEnd(failure, ended)
      assert.deepEqual(
        arrived.filter((what) => !mayArrive(failure, what)),
        [],
        `what ${way} asked of the server`,
      )
    }
    // Nobody waits for reports: those of this failure are no doing of the next.
    if (failure.reports === 'all') await until(() => reportsIn(run.arrivals.slice(before)) === ways.length, 'reports')
    checkSilence(before)
  }

  for (const failure of [...FAILURES, ...SERVED, ...REAL]) {
    test(`through the client, when ${failure.name}${failure.real ? ' (real)' : ''}`, () => check('hybrid', failure))
  }

  for (const failure of [...FAILURES, ...REAL]) {
    test(`through the local client, when ${failure.name}${failure.real ? ' (real)' : ''}`, () =>
      check('local', failure))
  }

  test('in a later request of the conversation that may leave', async () => {
    const before = run.arrivals.length
    server.faults = []
    server.snapshot = testSnapshot()
    await opened.call(PAGE, 'begin', { client: 'hybrid', model: testModel() } satisfies Scenario)
    await opened.call(PAGE, 'ask', 'create')
    await opened.call(PAGE, 'askFreely')
    await opened.call(PAGE, 'end')
    assert.notDeepEqual(leaks(run.arrivals.slice(before), [FREE]), [], 'that one has left')
    checkSilence(before)
  })

  test('in reports, or in what is sent when the page is closed', async () => {
    await opened[Symbol.asyncDispose]()
    // Beacons take their time.
    await setTimeout(300)
    const wanted = SERVED.filter((failure) => failure.reports === 'all').length * WAYS.length
    assert.equal(reportsIn(run.arrivals), wanted, 'only those that the app wants, and all of them')
    // All once more: some may have come late.
    checkSilence(0)
  })
})

/** How many reports have arrived; the last may not be whole yet. */
function reportsIn(arrivals: readonly Arrival[]): number {
  const bodies = arrivals.filter(({ what }) => what === REPORTS).map(({ body }) => String(body))
  return bodies.join().split('"id":').length - 1
}

function checkEnd({ ends, real }: Failure, ended: Ended): void {
  if ('error' in ended) {
    assert.equal(ended.error, ends, ended.way)
    return
  }
  const { way, text, finishReason, promptBytesSent } = ended
  assert.deepEqual(['answer', promptBytesSent], [ends, 0], way)
  if (real) assert.notEqual(text, '', way)
  else assert.deepEqual([text, finishReason], [ANSWER, 'stop'], way)
}

/** Nothing is asked but a model's files, and an engine's; and reports are sent where the app wants them. */
function mayArrive({ real, reports }: Failure, what: string): boolean {
  if (what === REPORTS) return reports === 'all'
  return real !== undefined && /^(GET|HEAD) \/(models|faulty|ort|worker\.js|missing\.js)/.test(what)
}
