/** The kit in a page. */
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { engineChecks } from '../../src/testing/conformance.ts'
import type { Harness } from '../browser/harness.ts'
import { startHarness } from '../browser/harness.ts'
import { fakeSubject } from './fake-subject.ts'
import type { Ran } from './pages/testing-page.ts'

describe('the kit in Chromium', () => {
  let harness: Harness
  before(async () => {
    const page = fileURLToPath(new URL('pages/testing-page.ts', import.meta.url))
    harness = await startHarness({ bundles: { '/page.js': page } })
  })
  after(() => harness.close())

  test('passes a fake engine, as in Node', async () => {
    await using opened = await harness.open()
    const { passed, failed } = await opened.call<Ran>('/page.js', 'runChecks')
    assert.deepEqual(failed, [])
    assert.equal(passed, engineChecks(fakeSubject()).length)
    assert.deepEqual(opened.errors, [])
  })

  test('stands in for the server, the engine and the time', async () => {
    harness.server.requests.length = 0
    await using opened = await harness.open()
    assert.deepEqual(await opened.call('/page.js', 'answerInVirtualTime'), [
      { text: 'Hello from here', source: 'browser', ms: 180_000 },
      { text: 'Hello from afar', source: 'server', ms: 180_000 },
    ])
    assert.deepEqual(harness.server.requests, ['/', '/page.js'])
  })
})
