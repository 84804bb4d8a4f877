/** The demo in a real browser: where prompts run, what the page tells of it, and what leaves the device. */
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import type { Page, Route } from 'playwright-core'
import { useDemo } from './demo-fixture.ts'
import { type DemoPage, openDemo } from './demo-page.ts'
import { addPolicies } from './demo-policies.ts'
import { type ReferencePrompt, readReference } from './demo-program.ts'
import { disguises, type Recorder, startRecorder } from './demo-recorder.ts'

/** Every host but the loopback is nowhere: the demo must not notice. */
const OFFLINE = '--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE localhost, EXCLUDE 127.0.0.1'

describe('the demo', () => {
  const run = useDemo({ flags: [OFFLINE] })
  let recorder: Recorder
  let single: ReferencePrompt[]
  before(async () => {
    recorder = await startRecorder(run.demo.origin)
    single = (await readReference()).prompts.filter(({ messages }) => messages.length === 1)
  })
  after(async () => {
    await recorder[Symbol.asyncDispose]()
  })

  const textOf = (id: string) => single.find((prompt) => prompt.id === id)?.text ?? assert.fail(id)

  describe('with a model in the page', () => {
    let opened: DemoPage
    before(async () => {
      opened = await openDemo(run.harness.browser, { origin: recorder.origin, initScript: watchProgress })
    })
    after(() => opened[Symbol.asyncDispose]())

    test('the server answers at once, and the browser when the model has come, which the page shows', async () => {
      const { page } = opened
      await opened.ready()
      const first = await opened.ask('generate', 'What is the capital of France?', { complexity: 'simple' })
      assert.deepEqual([first.state, first.target, first.reason], ['done', 'server', 'model_not_ready'])
      await page.locator('#models', { hasText: 'loaded' }).waitFor()
      const shown = await opened.ask('generate', 'What is the capital of France?', { complexity: 'simple' })
      assert.deepEqual([shown.state, shown.target, shown.reason], ['done', 'browser', 'optimal_for_browser'])
      assert.equal(shown.text, textOf('capital-france'))
      assert.ok(shown.tokens.browser > 5 && shown.tokens.server === 0)

      const bar = await page.evaluate(() => (window as unknown as Watching).progress)
      assert.ok(bar.length > 1, 'the bar moved')
      assert.deepEqual(
        bar,
        bar.toSorted((a, b) => a - b),
        'and never back',
      )
      assert.ok((bar.at(-1) ?? 0) > 0.8, `to ${bar.at(-1)}`)
      assert.equal(await page.locator('#progress[data-active]').count(), 0, 'it is gone')
    })

    test('every reference prompt has the same answer on both sides', async () => {
      assert.ok(single.length > 15, `${single.length} prompts`)
      for (const { id, messages, maxTokens, text, promptTokens, completionTokens } of single) {
        const prompt = messages[0]?.content ?? ''
        for (const side of ['browser', 'server'] as const) {
          const shown = await opened.ask(`force-${side}`, prompt, { maxTokens })
          assert.deepEqual([shown.state, shown.target, shown.text], ['done', side, text], `${id} by the ${side}`)
          assert.equal(await opened.stat('tokens'), `${promptTokens} + ${completionTokens}`, `${id} by the ${side}`)
        }
      }
    })

    test('the receipt tells what left the device', async () => {
      const prompt = 'Repeat: blue window zorbanit 42'
      const sentence = () => opened.page.textContent('#receipt-body .sent')
      await opened.ask('force-browser', prompt)
      const local = await opened.receipt()
      assert.equal(await sentence(), '0 bytes of the prompt left this device.')
      assert.equal(await opened.stat('sent'), '0 B')
      assert.match(local['Answered by'] ?? '', /^the browser, edgewise-tiny-v1$/)
      assert.deepEqual(
        (await opened.attempts()).map((cells) => cells.slice(0, 4)),
        [['1', 'browser', 'edgewise-tiny-v1', 'ok']],
      )
      await opened.ask('force-server', prompt)
      const remote = await opened.receipt()
      assert.equal(await sentence(), `${Buffer.byteLength(prompt)} bytes of the prompt left this device.`)
      assert.equal(remote.Decided, 'server, user_disabled_browser')
      const said = await opened.page.$$eval('#receipt-body tr[data-decides]', (rows) =>
        rows.map((row) => row.textContent),
      )
      assert.deepEqual(said, ['preference(decides)forbids browseruser_disabled_browser'], 'the trace says who decided')
    })

    test('no text leaves with a question about where to run', async () => {
      const canary = 'quixotterpalindrake'
      const forms = disguises(canary)
      const seen = () => recorder.requests.filter(({ bytes }) => forms.some((form) => bytes.includes(form)))
      recorder.clear()
      await opened.ask('force-browser', `Repeat: ${canary}`)
      await opened.ask('generate', `Repeat: ${canary}`)
      assert.deepEqual(seen(), [])
      assert.equal(recorder.requests.filter(({ what }) => what === 'POST /api/v1/browser/route').length, 0)

      await opened.ask('force-server', `Repeat: ${canary}`)
      // The one request that must have it also proves that this test would see it.
      assert.deepEqual(
        seen().map(({ what }) => what),
        ['POST /api/v1/chat/completions'],
      )
    })

    for (const side of ['browser', 'server'] as const) {
      test(`Stop ends an answer of the ${side} within five tokens`, async () => {
        const { page } = opened
        recorder.clear()
        await page.evaluate(stopAtFirstToken)
        const shown = await opened.ask(`force-${side}`, 'Count from 1 to 60')
        assert.equal(shown.state, 'idle')
        assert.match((await page.textContent('#badge')) ?? '', /stopped/)
        const count = shown.tokens.browser + shown.tokens.server
        assert.ok(count >= 1 && count <= 5, `${count} tokens`)
        if (side === 'server') {
          const chat = recorder.requests.find(({ what }) => what === 'POST /api/v1/chat/completions')
          assert.equal(await chat?.left, true, 'the request is cut, so the server stops as well')
        }
        const next = await opened.ask(`force-${side}`, 'What is 7 + 5?')
        assert.deepEqual([next.state, next.text], ['done', textOf('sum')])
      })
    }

    test('the history compares both sides', async () => {
      const prompt = 'What colour is a banana?'
      await opened.ask('force-browser', prompt)
      await opened.ask('force-server', prompt)
      const rows = (await opened.history()).filter(([asked]) => asked === prompt).slice(-2)
      assert.deepEqual(
        rows.map(([, source]) => source),
        ['browser', 'server'],
      )
      const [browser = [], server = []] = rows
      assert.match(browser[2] ?? '', /^[\d,.]+ m?s$/)
      assert.match(browser[3] ?? '', /^[\d,.]+$/)
      assert.equal(browser[4], '$0')
      assert.match(server[4] ?? '', /^\$0\.0000\d+$/)
      assert.match(server[5] ?? '', /^as fast$|^(browser|server) [\d.]+× faster$/)
      assert.deepEqual([await opened.stat('source'), await opened.stat('latency')], ['server', server[2]])
    })
  })

  describe('where the server has the last word', () => {
    let opened: DemoPage
    before(async () => {
      opened = await openDemo(run.harness.browser, { origin: run.demo.origin, prepare: (page) => addPolicies(page) })
      await opened.ready()
    })
    after(() => opened[Symbol.asyncDispose]())

    test('the receipt has one line for a policy, whether it failed or ruled out both sides', async () => {
      const word = { by: 'acme.both', step: 'forbid', said: 'policy_unreachable', failed: true }
      const trace = [
        { ...word, target: 'browser' },
        { ...word, target: 'server' },
        { by: 'acme.other', step: 'error', said: 'failed', failed: true },
      ]
      await opened.page.route('**/browser/route', answerWith({ trace }), { times: 1 })
      await opened.ask('force-server', 'Hello!')
      const rows = await opened.page.$$eval('#receipt-body .policies tbody tr', (rows) =>
        rows.map((row) => [...row.children].map(({ textContent }) => textContent)),
      )
      assert.deepEqual(rows, [
        ['acme.both(decides)', 'forbids both', 'policy_unreachable (it failed)'],
        ['acme.other', 'failed', ''],
      ])
    })

    test('the receipt says so when the decision came without a trace', async () => {
      await opened.page.route('**/browser/route', answerWith({ trace: undefined }), { times: 1 })
      await opened.ask('force-server', 'Hello!')
      assert.match((await opened.page.textContent('#receipt-body')) ?? '', /The decision came without a trace\.$/)
    })
  })

  test('a prompt forced complex runs on the server', async () => {
    await using opened = await openDemo(run.harness.browser, { origin: run.demo.origin })
    await opened.preload()
    const shown = await opened.ask('generate', 'What is the capital of France?', { complexity: 'complex' })
    assert.deepEqual([shown.state, shown.target, shown.reason], ['done', 'server', 'request_too_complex'])
    assert.equal(shown.text, textOf('capital-france'))
    assert.ok(shown.tokens.server > 5 && shown.tokens.browser === 0)
  })

  test('without WebGPU and WebGL2 everything goes to the server', async () => {
    await using opened = await openDemo(run.harness.browser, { origin: recorder.origin, initScript: hideGPU })
    recorder.clear()
    await opened.ready()
    const device = (await opened.page.textContent('#device')) ?? ''
    assert.match(device, /WebGPUnoWebGL2no/)
    for (const complexity of ['simple', 'medium', 'complex', 'auto'] as const) {
      const shown = await opened.ask('generate', 'What is 7 + 5?', { complexity })
      assert.deepEqual([shown.target, shown.reason], ['server', 'insufficient_device_capabilities'], complexity)
      assert.equal(shown.text, textOf('sum'))
    }
    const forced = await opened.ask('force-browser', 'What is 7 + 5?')
    assert.deepEqual([forced.state, forced.reason, forced.text], ['error', 'insufficient_device_capabilities', ''])
    assert.match(forced.error, /insufficient_device_capabilities/)
    assert.deepEqual(
      recorder.requests.filter(({ what }) => what.startsWith('GET /models/')),
      [],
      'and no model is downloaded',
    )
  })

  test('a page on 127.0.0.1 works like one on localhost', async () => {
    await using opened = await openDemo(run.harness.browser, {
      origin: run.demo.origin.replace('localhost', '127.0.0.1'),
    })
    const shown = await opened.ask('force-server', 'Hello!')
    assert.equal(shown.text, textOf('hello'))
  })

  test('the page can be left while the model is on its way', async () => {
    // Never answered: the model is on its way for as long as the page is there.
    const hold = (page: Page) => page.context().route('**/models/**', () => {}, { times: 1 })
    await using opened = await openDemo(run.harness.browser, { origin: run.demo.origin, prepare: hold })
    await Promise.all([opened.page.waitForRequest('**/models/**'), opened.page.click('#force-browser')])
    await opened.page.reload()
    const shown = await opened.ask('force-server', 'Hello!')
    assert.equal(shown.text, textOf('hello'))
  })
})

/** Lets the server's answer have other members; undefined takes one away. */
function answerWith(members: object) {
  return async (route: Route): Promise<void> => {
    const response = await route.fetch()
    await route.fulfill({ response, json: { ...(await response.json()), ...members } })
  }
}

interface Watching {
  progress: number[]
}

/** Writes down every value of the bar while it is shown. */
function watchProgress(): void {
  const seen: number[] = []
  Object.assign(window, { progress: seen })
  new MutationObserver(() => {
    const bar = document.querySelector<HTMLProgressElement>('#progress[data-active]')
    if (bar && bar.value !== seen.at(-1)) seen.push(bar.value)
  }).observe(document, { subtree: true, childList: true, attributes: true, attributeFilter: ['value', 'data-active'] })
}

/** Presses Stop when the first token shows. */
function stopAtFirstToken(): void {
  const output = document.querySelector('#output')
  const observer = new MutationObserver(() => {
    if (!output?.querySelector('.token')) return
    observer.disconnect()
    document.querySelector<HTMLButtonElement>('#stop')?.click()
  })
  if (output) observer.observe(output, { childList: true })
}

/** A browser with neither WebGPU nor WebGL2, in the page. */
function hideGPU(): void {
  Object.defineProperty(Navigator.prototype, 'gpu', { get: () => undefined })
  for (const canvas of [HTMLCanvasElement.prototype, OffscreenCanvas.prototype] as { getContext: unknown }[]) {
    const real = canvas.getContext as (kind: string, ...rest: unknown[]) => unknown
    canvas.getContext = function (this: unknown, kind: string, ...rest: unknown[]) {
      return kind === 'webgl2' ? null : real.call(this, kind, ...rest)
    }
  }
}
