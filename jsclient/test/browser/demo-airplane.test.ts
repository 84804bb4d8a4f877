/** The demo without its server: it opens, decides and answers, tells the server later, and changes when the user agrees. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer } from 'node:http'
import { describe, test } from 'node:test'
import { copiedDebug, isKept, keptPaths, openStation } from './demo-airplane.ts'
import { useDemo } from './demo-fixture.ts'
import { faintTexts } from './demo-looks.ts'
import { openDemo } from './demo-page.ts'

const PROMPT = 'What is 7 + 5?'
const ANSWER = '7 + 5 = 12.'

/** What the browser itself logs of a request that nobody answers. */
const UNANSWERED = /ERR_CONNECTION_REFUSED|ERR_INTERNET_DISCONNECTED|ERR_EMPTY_RESPONSE|ERR_CONNECTION_RESET/

const MODEL = 'edgewise-tiny-v1'

describe('the demo without its server', () => {
  const run = useDemo()

  test('opens, decides and answers, and its report arrives once when the server is back', async () => {
    await using station = await openStation(run.build)
    await using opened = await openDemo(run.harness.browser, {
      origin: station.origin,
      expected: UNANSWERED,
      permissions: ['clipboard-read', 'clipboard-write'],
    })
    const { page } = opened
    await opened.preload()
    const first = await opened.ask('generate', PROMPT)
    assert.deepEqual([first.target, first.text], ['browser', ANSWER])
    await opened.saved(1)
    await isKept(page)

    await station.stop()
    await page.reload()
    await opened.ready()
    await page.locator('#notice-offline', { hasText: 'out of reach' }).waitFor()
    assert.deepEqual((await page.evaluate(faintTexts)).faint, [])
    const second = await opened.ask('generate', PROMPT)
    assert.deepEqual([second.state, second.target, second.text], ['done', 'browser', ANSWER])
    assert.equal((await opened.receipt())['Decided by'], 'the page')
    assert.equal(await opened.stat('sent'), '0 B')
    assert.equal((await opened.ask('force-server', PROMPT)).state, 'error')
    const debug = await copiedDebug(page)
    assert.equal(debug.reportsWaiting, 1)
    assert.equal(debug.routes.length, 2)
    assert.ok(!debug.text.includes(PROMPT) && !debug.text.includes(ANSWER), debug.text)

    // Whoever opens it later, and the server still is not there, has lost nothing.
    await page.reload()
    await opened.ready()
    assert.equal((await copiedDebug(page)).reportsWaiting, 1)

    await station.start()
    await page.locator('#notice-offline:empty').waitFor({ state: 'attached' })
    await page.reload()
    const { rows } = await opened.saved(2)
    assert.deepEqual(
      rows.map((row) => row.slice(0, 4)),
      [[MODEL, 'browser', '2', '0']],
      'both answers, and no failure',
    )
    await page.waitForFunction(() => !localStorage.getItem('edgewise.reports')?.includes('"token"'))
    assert.equal((await copiedDebug(page)).reportsWaiting, 0)
    await page.reload()
    await opened.ask('force-server', PROMPT)
    assert.equal((await opened.saved(3)).rows.find(([, source]) => source === 'browser')?.[2], '2', 'and not again')
  })

  test('goes on in airplane mode, and tells the server as soon as the network is back', async () => {
    await using opened = await openDemo(run.harness.browser, { origin: run.demo.origin, expected: UNANSWERED })
    const { page } = opened
    await opened.preload()
    await isKept(page)
    const before = await answersOf(run.demo.origin)
    await page.context().setOffline(true)
    await page.reload()
    await opened.ready()
    const shown = await opened.ask('generate', PROMPT)
    assert.deepEqual([shown.state, shown.target, shown.text], ['done', 'browser', ANSWER])
    await page.locator('#notice-offline', { hasText: 'out of reach' }).waitFor()
    assert.equal(await answersOf(run.demo.origin), before)
    await page.context().setOffline(false)
    await page.locator('#notice-offline:empty').waitFor({ state: 'attached' })
    await opened.saved(before + 1)
  })

  test('keeps its files, and neither what the API says nor what takes a yes', async () => {
    await using opened = await openDemo(run.harness.browser, { origin: run.demo.origin, offers: 'later' })
    const { page } = opened
    await isKept(page)
    await page.reload()
    await opened.ready()
    await opened.ask('force-server', PROMPT)
    const [paths = [], ...others] = Object.values(await keptPaths(page))
    assert.deepEqual(others, [], 'one version')
    assert.ok(paths.includes('/') && paths.includes('/client/transformers-worker-module.js'), String(paths))
    assert.deepEqual(
      paths.filter((path) => /^\/(api|models|demo)\/|\.wasm$|\.onnx$|^\/sw\.js$/.test(path)),
      [],
    )
    const served = await page.evaluate(() =>
      performance
        .getEntriesByType('resource')
        .filter((entry) => (entry as PerformanceResourceTiming).workerStart > 0)
        .map(({ name }) => new URL(name).pathname),
    )
    assert.ok(served.includes('/app.js') && served.includes('/client/index.js'), String(served))
  })
})

describe('a newer version of the demo', () => {
  const run = useDemo()
  const NEWER = ['-backend', 'http://127.0.0.1:1', '-model', 'another-model'] as const

  test('is offered, and there when the user wants it, in all tabs', async () => {
    await using station = await openStation(run.build)
    await using opened = await openDemo(run.harness.browser, { origin: station.origin, expected: UNANSWERED })
    const { page } = opened
    const tells = () => page.locator('#ask', { hasText: 'another-model' }).count()
    await isKept(page)
    const [old] = Object.keys(await keptPaths(page))
    await page.reload()
    await opened.ready()
    assert.equal(await page.locator('#notice-update:empty').count(), 1, 'the same version is none to offer')

    await station.stop()
    await station.start(...NEWER)
    await page.reload()
    await page.locator('#notice-update', { hasText: 'newer version' }).waitFor()
    assert.equal(await tells(), 0)
    await page.reload()
    await page.locator('#notice-update button').waitFor()
    assert.equal(await tells(), 0, 'however often it is loaded')
    assert.deepEqual((await page.evaluate(faintTexts)).faint, [])

    const other = await page.context().newPage()
    await other.goto(station.origin)
    await other.locator('#notice-update', { hasText: 'newer version' }).waitFor()
    await page.click('#notice-update button')
    await page.locator('#ask', { hasText: 'another-model' }).waitFor()
    const names = Object.keys(await keptPaths(page))
    assert.equal(names.length, 1)
    assert.notEqual(names[0], old)
    await opened.ready()
    assert.equal(await page.locator('#notice-update:empty').count(), 1)

    await other.locator('#notice-update', { hasText: 'in another tab' }).waitFor()
    await other.click('#notice-update button')
    await other.locator('#ask', { hasText: 'another-model' }).waitFor()
  })

  test('leaves a page alone that another program has put at its address', async () => {
    await using station = await openStation(run.build)
    await using opened = await openDemo(run.harness.browser, { origin: station.origin, expected: /./ })
    const { page } = opened
    await isKept(page)
    await station.stop()
    const another = createServer((request, response) => {
      const script = request.url === '/app.js'
      response.setHeader('content-type', script ? 'text/javascript' : 'text/html')
      response.end(script ? 'document.title = "another program"' : '<!doctype html><script src="app.js"></script>')
    })
    another.listen(Number(new URL(station.origin).port), '127.0.0.1')
    await once(another, 'listening')
    try {
      await page.goto(station.origin)
      await page.waitForFunction(() => document.title === 'another program')
      assert.deepEqual(await keptPaths(page), {})
      await page.goto('about:blank')
      await page.goto(station.origin)
      assert.equal(await page.evaluate(async () => (await navigator.serviceWorker.getRegistrations()).length), 0)
    } finally {
      another.close()
      another.closeAllConnections()
    }
  })
})

/** Answers that the server has counted. */
async function answersOf(origin: string): Promise<number> {
  const response = await fetch(`${origin}/api/v1/browser/savings?scope=all`)
  const { total } = (await response.json()) as { total: { requests: number } }
  return total.requests
}
