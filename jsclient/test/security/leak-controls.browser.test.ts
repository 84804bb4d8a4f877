/** The leak test can fail: it sees a text that leaves the page in any of these ways, each of them for real. */
import { after, before, describe, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import type { TestPage } from '../browser/harness.ts'
import { type LeakHarness, leaks, startLeakHarness, until } from './leak-harness.ts'
import { ways } from './pages/leak-controls.ts'

const PAGE = '/page.js'
const path = (relative: string) => fileURLToPath(new URL(relative, import.meta.url))

describe('a leak is seen', () => {
  let run: LeakHarness
  let opened: TestPage
  before(async () => {
    run = await startLeakHarness({
      bundles: {
        [PAGE]: path('pages/leak-controls.ts'),
        '/leak-worker.js': path('pages/leak-worker.ts'),
        '/leak-service-worker.js': path('pages/leak-service-worker.ts'),
      },
      headers: { 'content-type': 'text/html' },
      routes: { '/leak': (request, response) => void request.on('end', () => response.end()) },
    })
    opened = await run.harness.open()
  })
  after(async () => {
    await opened[Symbol.asyncDispose]()
    await run[Symbol.asyncDispose]()
  })

  const { here, elsewhere } = ways()

  // First: the browser asks hosts of its own about forms.
  for (const way of elsewhere) {
    test(`to another host, by ${way}`, async () => {
      const before = run.caught.length
      await opened.call(PAGE, 'leakElsewhere', way, 'canary7q9x')
      await until(() => run.caught.length > before, way)
    })
  }

  for (const [at, way] of here.entries()) {
    test(`to the origin, by ${way}`, async () => {
      const canary = `canary7q9x${at}z`
      const before = run.arrivals.length
      await opened.call(PAGE, 'leakHere', way, canary)
      await until(() => leaks(run.arrivals.slice(before), [canary]).length > 0, way)
    })
  }
})
