/** What the demo asks before it downloads, what it keeps on the device, and the user's own switch. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { Page } from 'playwright-core'
import { useDemo } from './demo-fixture.ts'
import { type DemoPage, openDemo } from './demo-page.ts'
import { startRecorder } from './demo-recorder.ts'

const PROMPT = 'What is 7 + 5?'
const NAME = 'Edgewise Tiny (1M parameters, q8)'

describe('a download of the demo', () => {
  const run = useDemo()

  /** A visitor who reads offers, and answers them in their own time. */
  const open = (origin = run.demo.origin) => openDemo(run.harness.browser, { origin, offers: 'later' })

  test('is offered after the first answer, in the way of nobody, and not made after a no', async () => {
    await using recorder = await startRecorder(run.demo.origin)
    await using opened = await open(recorder.origin)
    const { page } = opened
    const first = await opened.ask('generate', PROMPT)
    assert.deepEqual([first.target, first.reason], ['server', 'model_not_ready'])
    await page.focus('#prompt')
    await offer(page).waitFor()
    assert.equal(await page.evaluate(() => document.activeElement?.id), 'prompt', 'the focus stays')
    assert.equal(await page.locator('#offer:modal').count(), 0)
    assert.match((await page.textContent('#offer-announcer')) ?? '', /^Answer here from now on\?/)
    const facts = (await page.locator('#offer-facts dd').allTextContents()).join('; ')
    const size = /^Edgewise Tiny .*; [\d.]+ MB with its engine; at most \d+ s; [\d.]+ [kM]?B of [\d.]+ GB used$/
    assert.match(facts, size)
    const says = () => page.locator('#status, #models').allTextContents()
    assert.match((await says()).join(), /^A model is offered\..* MB, offered/, 'nothing is loading yet')
    assert.equal(await page.locator('#progress[data-active]').count(), 0)
    assert.equal(await page.locator('#offer-metered').isVisible(), false)

    await page.getByRole('button', { name: 'Not now' }).click()
    await offer(page).waitFor({ state: 'hidden' })
    await page.locator('#models', { hasText: 'MB, absent' }).waitFor()
    assert.equal((await says())[0], 'Ready.')
    const second = await opened.ask('generate', PROMPT)
    assert.deepEqual([second.target, second.text], ['server', first.text])

    await page.reload()
    await opened.ready()
    const forced = await opened.ask('force-browser', PROMPT)
    assert.deepEqual([forced.state, forced.reason], ['error', 'declined'], 'the no is remembered')
    const weights = recorder.requests.filter(({ what }) => /^GET .*\.onnx$/.test(what))
    assert.deepEqual(weights, [], 'beyond asking for its size nothing was fetched')
  })

  test('goes on after a yes, which is remembered, and the next turn is local', async () => {
    await using opened = await open()
    const { page } = opened
    await opened.ask('generate', PROMPT)
    await page.getByRole('button', { name: 'Download' }).click()
    await page.locator('#models', { hasText: 'loaded' }).waitFor()
    const next = await opened.ask('generate', PROMPT)
    assert.deepEqual([next.target, next.reason], ['browser', 'optimal_for_browser'])

    await page.reload()
    await opened.ready()
    const again = await opened.ask('generate', PROMPT)
    assert.deepEqual([again.target, again.text], ['browser', next.text], 'unasked')
  })

  test('that somebody pressed a button for is asked about in the middle of the page', async () => {
    await using opened = await open()
    const { page } = opened
    await opened.ready()
    await page.focus('#preload')
    await page.keyboard.press('Enter')
    await page.locator('#offer:modal').waitFor()
    assert.equal(await page.textContent('#status'), 'Waiting for your answer.')
    assert.equal(await page.evaluate(() => document.activeElement?.textContent), 'Download')
    const dialog = page.getByRole('dialog', { name: 'Download the model?' })
    assert.equal(await dialog.count(), 1)
    await page.keyboard.press('Escape')
    await page.locator('#stored-status.error', { hasText: 'Not downloaded, as you said.' }).waitFor()
    assert.equal(await page.evaluate(() => document.activeElement?.id), 'preload', 'the focus comes back')

    await page.click('#preload')
    await page.getByRole('button', { name: 'Download' }).click()
    await page.locator('#stored-status', { hasText: `${NAME} is ready.` }).waitFor()
  })

  test('is not asked about any longer when it was stopped', async () => {
    await using opened = await open()
    const { page } = opened
    await opened.ready()
    await page.click('#preload')
    await page.locator('#offer:modal').waitFor()
    // It stops now, and lies behind the dialog.
    await page.$eval('#preload', (button: HTMLButtonElement) => button.click())
    await offer(page).waitFor({ state: 'hidden' })
    await page.locator('#stored-status', { hasText: 'Stopped.' }).waitFor()
    await page.click('#preload')
    await page.locator('#offer:modal').waitFor()
  })

  test('over a connection that saves data says so', async () => {
    await using opened = await open()
    const { page } = opened
    const session = await page.context().newCDPSession(page)
    await session.send('Emulation.setDataSaverOverride', { dataSaverEnabled: true })
    await opened.ready()
    await page.click('#preload')
    await page.locator('#offer-metered', { hasText: 'metered' }).waitFor()
  })

  test('is offered once more where the user wants to be asked again', async () => {
    await using opened = await open()
    const { page } = opened
    await opened.ask('generate', PROMPT)
    await page.getByRole('button', { name: 'Not now' }).click()
    await page.getByRole('button', { name: 'Ask me again' }).click()
    await page.locator('#stored-status', { hasText: 'Forgotten' }).waitFor()
    await opened.ask('generate', PROMPT)
    await offer(page).waitFor()
  })
})

describe("the demo's list of what is stored", () => {
  const run = useDemo()
  const stored = (page: Page) => page.locator('#stored')
  const says = (page: Page, text: string) => page.locator('#stored-status', { hasText: text }).waitFor()
  const withModel = async (): Promise<DemoPage> => {
    const opened = await openDemo(run.harness.browser, { origin: run.demo.origin })
    await opened.ready()
    assert.equal(await stored(opened.page).textContent(), 'No model yet.')
    assert.equal(await opened.page.locator('#delete-all').isDisabled(), true)
    await opened.preload()
    await stored(opened.page).filter({ hasText: 'in use' }).waitFor()
    return opened
  }

  test('shows what a model takes, and that it is in use, and deletes it', async () => {
    await using opened = await withModel()
    const { page } = opened
    assert.match(
      (await stored(page).locator('li > span').textContent()) ?? '',
      /^Edgewise Tiny .*\)[\d.]+ MB with its engine, in use$/,
    )
    await page.getByRole('button', { name: `Delete ${NAME}` }).click()
    await says(page, 'Deleted.')
    await stored(page).filter({ hasText: 'No model yet.' }).waitFor()
    assert.match((await page.textContent('#models')) ?? '', /absent/)
    const shown = await opened.ask('generate', PROMPT)
    assert.equal(shown.reason, 'model_not_ready', 'decisions know')
  })

  test('deletes all', async () => {
    await using opened = await withModel()
    const { page } = opened
    await page.focus('#delete-all')
    await page.keyboard.press('Enter')
    await says(page, 'Deleted all.')
    await stored(page).filter({ hasText: 'No model yet.' }).waitFor()
    assert.equal(await page.locator('#delete-all').isDisabled(), true)
    assert.equal(await page.evaluate(() => document.activeElement?.id), 'preload', 'the keyboard keeps its place')
  })

  test('keeps what another tab uses, and says so', async () => {
    await using opened = await withModel()
    const other = await opened.page.context().newPage()
    await other.goto(run.demo.origin)
    await stored(other).filter({ hasText: 'in use' }).waitFor()
    await other.getByRole('button', { name: `Delete ${NAME}` }).click()
    await says(other, 'It is in use in another tab: close that first.')
    await other.click('#delete-all')
    await says(other, 'Deleted 0, and kept 1: in use in another tab.')

    const shown = await opened.ask('generate', PROMPT)
    assert.equal(shown.target, 'browser', 'it is still there')
    await opened.page.getByRole('button', { name: `Delete ${NAME}` }).click()
    await says(opened.page, 'Deleted.')
    // Whoever comes back to the other tab sees it.
    await other.evaluate(() => document.dispatchEvent(new Event('visibilitychange')))
    await stored(other).filter({ hasText: 'No model yet.' }).waitFor()
  })
})

describe("the demo's switch", () => {
  const run = useDemo()

  test('is obeyed, and remembered', async () => {
    await using opened = await openDemo(run.harness.browser, { origin: run.demo.origin })
    const { page } = opened
    await opened.preload()
    await opened.mode('never')
    assert.equal((await opened.ask('generate', PROMPT)).reason, 'user_disabled_browser')
    await page.reload()
    await opened.ready()
    assert.equal(await page.getByRole('radio', { name: 'never', exact: true }).isChecked(), true)
    assert.equal((await opened.ask('generate', PROMPT)).reason, 'user_disabled_browser')

    await page.getByRole('radio', { name: 'never', exact: true }).press('ArrowLeft')
    assert.equal(await page.getByRole('radio', { name: 'always', exact: true }).isChecked(), true)
    const here = await opened.ask('generate', PROMPT, { complexity: 'complex' })
    assert.deepEqual([here.target, here.reason], ['browser', 'user_prefers_browser'])
    await page.reload()
    assert.equal(await page.getByRole('radio', { name: 'always', exact: true }).isChecked(), true)
  })
})

function offer(page: Page) {
  return page.locator('#offer')
}
