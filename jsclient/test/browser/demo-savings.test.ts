/** What the demo's page tells of what answers cost and saved. */
import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { after, before, describe, test } from 'node:test'
import { useDemo } from './demo-fixture.ts'
import { openDemo } from './demo-page.ts'

const MODEL = 'edgewise-tiny-v1'

/** 10 + 8 tokens, which at $0.39 a million are 7 millionths of a dollar. */
const PROMPT = 'Hello!'

const REFUSED = /^Failed to load resource: .* http:\/\/localhost:\d+\/api\/v1\//

describe('what the demo saved', () => {
  const run = useDemo()
  let folder: string
  before(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'edgewise-savings-'))
  })
  after(() => rm(folder, { recursive: true, force: true }))

  test('grows with every answer, of this page and of others', async () => {
    await using opened = await openDemo(run.harness.browser, { origin: run.demo.origin })
    await opened.ready()
    const nothing = await opened.saved(0)
    assert.deepEqual(nothing.rows, [])
    assert.match(nothing.sentence, /^No answer yet\./)

    await opened.ask('force-server', PROMPT)
    const first = await opened.saved(1)
    assert.match(first.sentence, /^No answer came from a browser yet/)
    assert.deepEqual(first.rows, [[MODEL, 'server', '1', '0', '18', '$0.000007', '–']])

    await using other = await openDemo(run.harness.browser, { origin: run.demo.origin })
    await other.ask('force-browser', PROMPT)
    await other.saved(2)
    await opened.ask('force-browser', PROMPT)
    const { sentence, rows, status } = await opened.saved(3)
    assert.equal(sentence, '2 of 3 answers came from browsers, which kept 36 tokens and $0.000014 off the server.')
    assert.deepEqual(rows, [
      [MODEL, 'browser', '2', '0', '36', '–', '$0.000014'],
      [MODEL, 'server', '1', '0', '18', '$0.000007', '–'],
    ])
    assert.equal(status, '')
    const sides = await opened.page.$$eval('#savings-sides dd', (parts) => parts.map((part) => part.textContent))
    assert.deepEqual(sides, ['2 answers', '36 tokens', '$0.000014 avoided', '1 answer', '18 tokens', '$0.000007 spent'])
    const share = await opened.page.$eval('#savings-share', (bar) => bar.style.getPropertyValue('--browser-share'))
    assert.equal(Number(share).toFixed(3), '0.667')
  })

  test('outlives the demo, and a page that is open goes on counting', async () => {
    const files = ['-db', path.join(folder, 'demo.sqlite'), '-keys-file', path.join(folder, 'demo.keys')]
    const first = await run.build.start(...files)
    await using opened = await openDemo(run.harness.browser, { origin: first.origin })
    await opened.ask('force-browser', PROMPT)
    await opened.saved(1)
    await first.stop()

    await using _second = await run.build.start(
      ...files,
      '-addr',
      new URL(first.origin).host.replace('localhost', '127.0.0.1'),
    )
    await opened.ask('force-browser', PROMPT)
    const { rows } = await opened.saved(2)
    assert.deepEqual(rows, [[MODEL, 'browser', '2', '0', '36', '–', '$0.000014']])
  })

  test('stays on the page while the account can not be read', async () => {
    await using demo = await run.build.start()
    await using opened = await openDemo(run.harness.browser, { origin: demo.origin, expected: REFUSED })
    await opened.ask('force-server', PROMPT)
    const before = await opened.saved(1)
    const error = { message: 'the ledger can not be read for now', code: 'ledger_unavailable' }
    await opened.page.route('**/browser/savings?*', (route) => route.fulfill({ status: 503, json: { error } }))
    await opened.ask('force-server', PROMPT)
    const status = opened.page.locator('#savings-status.error')
    await status.waitFor()
    assert.equal(await status.textContent(), `The account can't be read now: ${error.message}.`)
    assert.deepEqual((await opened.saved(1)).rows, before.rows)

    await opened.page.unroute('**/browser/savings?*')
    await opened.ask('force-server', PROMPT)
    assert.equal((await opened.saved(3)).status, '')
    assert.equal(await status.count(), 0)
  })

  test('is unknown, and says so, where the account could never be read', async () => {
    const cut = async (page: import('playwright-core').Page) =>
      page.route('**/browser/savings?*', (route) => route.abort('connectionreset'))
    await using opened = await openDemo(run.harness.browser, {
      origin: run.demo.origin,
      expected: REFUSED,
      prepare: cut,
    })
    await opened.page.locator('#savings-status.error').waitFor()
    assert.equal(await opened.page.textContent('#savings-sentence'), 'What was saved is not known.')
  })

  test('leaves out what can not be true, and says so', async () => {
    await using demo = await run.build.start()
    await using opened = await openDemo(run.harness.browser, { origin: demo.origin })
    await opened.ready()
    await opened.page.evaluate(reportTooFast)
    await opened.page.locator('#savings-status', { hasText: /\S/ }).waitFor()
    const { rows, status } = await opened.saved(0)
    assert.deepEqual([rows, status], [[], "Left out: 1 report that can't be true."])
  })
})

/** Tells of a million tokens in a millisecond. */
async function reportTooFast(): Promise<void> {
  const { grant } = await (await fetch('/api/v1/browser/policy')).json()
  const report = { id: `${grant.id}.1`, modelId: 'any', completionTokens: 1_000_000, latencyMs: 1, success: true }
  const body = JSON.stringify({ grant: grant.token, reports: [report] })
  await (await fetch('/api/v1/browser/analytics', { method: 'POST', body })).json()
}
