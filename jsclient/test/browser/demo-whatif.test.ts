/** The demo's "what if" in a real browser: it says what is different, follows the page, and asks nobody. */
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'

import type { PolicySpec } from '../../src/wire.ts'
import { useDemo } from './demo-fixture.ts'
import { type DemoPage, openDemo } from './demo-page.ts'
import { addPolicies } from './demo-policies.ts'
import { type Recorder, startRecorder } from './demo-recorder.ts'
import { type WhatIf, whatIf } from './demo-whatif.ts'

const PROMPT = 'What is the capital of France?'

describe('what if', () => {
  const run = useDemo()
  let recorder: Recorder
  let opened: DemoPage
  let section: WhatIf

  before(async () => {
    recorder = await startRecorder(run.demo.origin)
    opened = await openDemo(run.harness.browser, { origin: recorder.origin })
    await opened.preload()
    section = whatIf(opened.page)
    await section.open()
  })
  after(async () => {
    await opened[Symbol.asyncDispose]()
    await recorder[Symbol.asyncDispose]()
  })

  test('says what is different, and in a sentence what decided', async () => {
    await section.reset()
    await section.set({ Battery: '15', Charging: 'no' })
    const marks = await section.marks()
    assert.deepEqual(marks.changed, ['battery'])
    assert.deepEqual(marks.numbers, ['charging no', 'level 15 % (≥ 20 %)'])
    assert.equal(marks.here, 'browser · optimal_for_browser')
    assert.equal(marks.sentence, 'Both may answer, and “battery” is the first to prefer one.')
    const row = opened.page.getByRole('row', { name: 'battery (changed, decides)' })
    assert.match((await row.textContent()) ?? '', /prefers server.*low_battery.*abstains/)

    await section.set({ GPU: 'none', Network: 'offline' })
    const { sentence } = await section.marks()
    assert.equal(sentence, 'Neither may answer: “capability” rules out the browser, “health” the server.')
  })

  test('Reset returns to this device', async () => {
    await section.reset()
    const first = await section.shown()
    const marked = () => opened.page.locator('#case .control[data-changed]').count()
    await section.set({
      'Prompt length': '170',
      Battery: '3',
      Charging: 'no',
      GPU: 'none',
      Engines: 'any',
      Privacy: 'local-only',
    })
    assert.notDeepEqual(await section.shown(), first)
    assert.equal(await marked(), 6)
    await section.reset()
    assert.deepEqual(await section.shown(), first)
    assert.equal(await marked(), 0)
    assert.equal(await opened.page.locator('#case output[for=case-prompt]').textContent(), '30 chars')
  })

  test('a slider moved back to where it began changes nothing', async () => {
    await section.reset()
    const first = await section.shown()
    const prompt = opened.page.getByLabel('Prompt length', { exact: true })
    await prompt.press('End')
    assert.notDeepEqual(await section.shown(), first)
    await section.set({
      'Prompt length': (await prompt.evaluate((slider: HTMLInputElement) => slider.defaultValue)) ?? '',
    })
    assert.deepEqual(await section.shown(), first)
  })

  test('no request is sent while the controls move', async () => {
    const { page } = opened
    await section.reset()
    recorder.clear()
    const sent: string[] = []
    page.on('request', (request) => sent.push(request.url()))
    for (const label of ['Prompt length', 'Battery']) {
      const slider = page.locator('#case').getByLabel(label, { exact: true })
      const { x = 0, y = 0, width = 0, height = 0 } = (await slider.boundingBox()) ?? {}
      await page.mouse.move(x + width / 2, y + height / 2)
      await page.mouse.down()
      for (const share of [0.9, 0]) await page.mouse.move(x + width * share, y + height / 2, { steps: 3 })
      await page.mouse.up()
      for (let i = 0; i < 3; i++) await slider.press('ArrowRight')
    }
    await section.set({ Charging: 'no', Network: 'offline', GPU: 'webgpu', Engines: 'any', Models: 'cached' })
    assert.notEqual((await section.marks()).changed.length, 0, 'they did move')
    await section.reset()
    assert.deepEqual(sent, [])
    assert.deepEqual(recorder.requests, [], 'nor by a worker')
  })

  test('a submission, which browsers may make of Enter on a slider, does not send the page away', async () => {
    await opened.page.locator('#case').evaluate((form: HTMLFormElement) => form.requestSubmit())
    await opened.page.locator('#case-battery').press('Enter')
    await section.reset()
    assert.equal((await section.shown()).target, 'browser')
  })

  test('screen readers hear the outcome once a slider rests', async () => {
    const { page } = opened
    const said = page.locator('#case-announcer')
    await section.reset()
    await said.filter({ hasText: 'optimal_for_browser' }).waitFor({ state: 'attached' })
    await page.evaluate(() => {
      const heard: string[] = []
      Object.assign(window, { heard })
      const announcer = document.querySelector('#case-announcer')
      if (announcer)
        new MutationObserver(() => heard.push(announcer.textContent ?? '')).observe(announcer, { childList: true })
    })
    await section.set({ Charging: 'no' })
    const battery = page.locator('#case-battery')
    await battery.fill('20')
    for (let i = 0; i < 10; i++) for (const key of ['ArrowLeft', 'ArrowRight']) await battery.press(key)
    await battery.press('ArrowLeft')
    assert.equal(await battery.getAttribute('aria-valuetext'), '19 %')
    await said.filter({ hasText: 'low_battery' }).waitFor({ state: 'attached' })
    assert.deepEqual(await page.evaluate(() => (window as unknown as { heard: string[] }).heard), [
      'server · low_battery. Both may answer, and “battery” is the first to prefer one.',
    ])
  })

  test('follows the prompt and the wishes of the page', async () => {
    await section.reset()
    await opened.page.selectOption('#complexity', 'complex')
    assert.equal((await section.shown()).reason, 'request_too_complex')
    assert.equal((await section.marks()).here, 'server · request_too_complex')
    await opened.page.selectOption('#complexity', 'auto')
    await opened.page.click('#chips button >> text=What is 7 + 5?')
    assert.equal(await opened.page.locator('#case output[for=case-prompt]').textContent(), '14 chars')
    assert.equal((await section.marks()).here, 'browser · optimal_for_browser')
    await opened.page.fill('#prompt', PROMPT)
  })

  test('follows what the device learns', async () => {
    await using demo = await openDemo(run.harness.browser, { origin: run.demo.origin })
    await demo.ready()
    const one = whatIf(demo.page)
    await one.open()
    const { target, reason, preload } = await one.shown()
    assert.deepEqual([target, reason, preload], ['server', 'model_not_ready', 'this model'])
    await demo.ask('force-browser', PROMPT)
    await demo.page.waitForFunction(() => document.querySelector('[data-stat=preload]')?.textContent === '–')
    assert.deepEqual((await one.marks()).changed, [], 'it is this device that is different')
    assert.equal((await one.shown()).target, 'browser')
    const speed = await demo.page.locator('#what-if .policies tr', { hasText: 'speed' }).textContent()
    assert.match(speed ?? '', /tokens per second \d/)
  })

  test("follows the user's switches", async () => {
    const here = opened.page.locator('#case-here')
    await opened.mode('never')
    await here.filter({ hasText: 'server · user_disabled_browser' }).waitFor()
    await opened.mode('auto')
    await here.filter({ hasText: 'browser · optimal_for_browser' }).waitFor()
    await opened.page.locator('#local-only').check()
    await here.filter({ hasText: 'browser · local_only' }).waitFor()
    assert.deepEqual((await section.marks()).changed, [], 'it is this device that is different')
    await opened.page.locator('#local-only').uncheck()
  })

  test('asks nobody when it is opened: the server may be gone', async () => {
    const mortal = await run.build.start()
    await using demo = await openDemo(run.harness.browser, { origin: mortal.origin })
    await demo.ready()
    await mortal.stop()
    const one = whatIf(demo.page)
    await one.open()
    await one.set({ GPU: 'none' })
    assert.equal((await one.shown()).reason, 'insufficient_device_capabilities')
    assert.match(await one.source(), /^Decided in this page, by its policies of revision \S+\. Nothing is sent\.$/)
  })

  test('says that the server is asked where only it can evaluate a policy', async () => {
    const policies: PolicySpec[] = [
      { name: 'acme.credit', opaque: true, effects: { prefer: ['server'] } },
      { name: 'acme.quota', opaque: true, effects: { forbid: ['server'] } },
    ]
    await using demo = await openDemo(run.harness.browser, {
      origin: run.demo.origin,
      prepare: (page) => addPolicies(page, policies),
    })
    const one = whatIf(demo.page)
    await demo.preload()
    await one.open()
    const badges = demo.page.locator('.decision .badge')
    assert.deepEqual(await badges.allTextContents(), ['the server is asked', 'the server is asked'])
    let marks = await one.marks()
    assert.equal(marks.sentence, 'The server is asked: only it can evaluate “acme.credit” and “acme.quota”.')
    assert.deepEqual(marks.deciding, ['acme.credit', 'acme.quota'])
    const { policies: said } = await one.shown()
    assert.deepEqual([said['acme.credit'], said['acme.quota']], ['unknown here', 'unknown here'])

    await one.set({ Privacy: 'local-only' })
    assert.equal(await badges.first().textContent(), 'browser · local_only')
    marks = await one.marks()
    assert.deepEqual([marks.here, marks.deciding], ['the server is asked', ['privacy']])
    assert.deepEqual(marks.changed, ['privacy', 'acme.credit', 'acme.quota'])
  })
})
