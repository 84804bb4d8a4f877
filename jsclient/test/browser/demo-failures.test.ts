/** The demo in a real browser when parts of it fail: the engine, its files, the server. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { Page, Route } from 'playwright-core'
import { useDemo } from './demo-fixture.ts'
import { openDemo } from './demo-page.ts'
import { whatIf } from './demo-whatif.ts'

const PROMPT = 'What is the capital of France?'
const ANSWER = 'The capital of France is Paris.'

/** What the browser logs of a request that fails. */
const REQUEST_FAILED = /^Failed to load resource: .* http:\/\/localhost:\d+\/(engine|client|models|api\/v1)\//

describe('the demo, when', () => {
  const run = useDemo()

  const refuse = (route: Route) => route.fulfill({ status: 404, body: 'not here' })
  const cut = (route: Route) => route.abort('connectionreset')
  const failures = [
    // The runtime tells the console of its own failures as well.
    {
      name: 'the runtime of the engine is missing',
      url: '**/engine/*.wasm',
      how: refuse,
      expected: /wasm|WebAssembly|ArrayBuffer/,
    },
    { name: 'the engine is missing', url: '**/engine/transformers.min.js', how: refuse },
    { name: 'its worker is missing', url: '**/client/transformers-worker-module.js', how: refuse },
    { name: 'the model is missing', url: '**/models/*/onnx/**', how: refuse },
    { name: 'the connection breaks under the model', url: '**/models/*/onnx/**', how: cut },
  ]
  for (const { name, url, how, expected = REQUEST_FAILED } of failures) {
    test(`${name}, the server answers`, async () => {
      const prepare = (page: Page) => page.context().route(url, how)
      await using opened = await openDemo(run.harness.browser, {
        origin: run.demo.origin,
        expected,
        prepare,
      })
      await opened.mode('always')
      const shown = await opened.ask('generate', PROMPT)
      assert.deepEqual([shown.state, shown.target, shown.text], ['done', 'server', ANSWER])
      assert.equal(shown.tokens.browser, 0)
      assert.match((await opened.page.textContent('#badge')) ?? '', /^server · browser failed: [a-z_]+$/)
      const attempts = await opened.attempts()
      assert.deepEqual(
        attempts.map(([, target]) => target),
        ['browser', 'server'],
      )
      assert.match(attempts[0]?.[3] ?? '', /^failed: [a-z_]+$/)
      assert.equal(attempts[1]?.[3], 'ok')
      assert.equal(await opened.stat('sent'), `${PROMPT.length} B`)

      const forced = await opened.ask('force-browser', PROMPT)
      assert.equal(forced.state, 'error', 'who insists on the browser gets no answer from elsewhere')
      assert.deepEqual([forced.text, forced.tokens.server], ['', 0])
      assert.notEqual(forced.error, '')
    })
  }

  test("the engine's files were never installed, the server answers", async () => {
    const bare = await run.build.start('-modules', 'nowhere')
    try {
      await using opened = await openDemo(run.harness.browser, { origin: bare.origin, expected: REQUEST_FAILED })
      await opened.mode('always')
      const shown = await opened.ask('generate', PROMPT)
      assert.deepEqual([shown.state, shown.target, shown.text], ['done', 'server', ANSWER])
      assert.equal((await opened.attempts())[0]?.[3], 'failed: not_installed')
    } finally {
      await bare.stop()
    }
  })

  test('the server knows nobody, the page says so and asks again with the next prompt', async () => {
    const refuseOnce = (page: Page) =>
      page.context().route('**/api/v1/browser/policy', (route) => route.fulfill({ status: 401 }), { times: 1 })
    await using opened = await openDemo(run.harness.browser, {
      origin: run.demo.origin,
      expected: REQUEST_FAILED,
      prepare: refuseOnce,
    })
    const { page } = opened
    await page.locator('#status', { hasText: 'UnauthorizedError: ' }).waitFor()
    const section = whatIf(page)
    await section.toggle()
    await page.locator('#case-source.error').waitFor()
    assert.match(await section.source(), /^There are no policies to decide by/)
    assert.equal(await page.locator('#case-battery').isEnabled(), false)

    const shown = await opened.ask('force-server', PROMPT)
    assert.deepEqual([shown.state, shown.text], ['done', ANSWER])
    await section.open()
    assert.match(await section.source(), /^Decided in this page/)
    assert.equal(await page.locator('#case-source.error').count(), 0)
    assert.equal(await page.locator('#case-battery').isEnabled(), true)
  })

  test('the server was stopped, the browser answers', async () => {
    const mortal = await run.build.start()
    await using opened = await openDemo(run.harness.browser, { origin: mortal.origin, expected: REQUEST_FAILED })
    await opened.preload()
    const first = await opened.ask('generate', PROMPT)
    assert.equal(first.target, 'browser')
    assert.equal((await opened.receipt())['Decided by'], 'the page')
    await mortal.stop()

    const second = await opened.ask('generate', 'What is 7 + 5?')
    assert.deepEqual([second.state, second.target, second.text], ['done', 'browser', '7 + 5 = 12.'])
    const receipt = await opened.receipt()
    assert.deepEqual([receipt['Decided by'], await opened.stat('sent')], ['the page', '0 B'])

    const third = await opened.ask('force-server', PROMPT)
    assert.deepEqual([third.state, third.text], ['error', ''])
    assert.notEqual(third.error, '')
    const fourth = await opened.ask('force-browser', PROMPT)
    assert.deepEqual([fourth.state, fourth.target, fourth.text], ['done', 'browser', ANSWER])
  })
})
