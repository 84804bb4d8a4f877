/** The demo's page as a page: keyboard, screen reader, and nothing that jumps. */
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import type { Page } from 'playwright-core'
import { announcements, watchAnnouncements } from './demo-announcements.ts'
import { useDemo } from './demo-fixture.ts'
import { shiftsSoFar, watchShifts } from './demo-looks.ts'
import { type DemoPage, openDemo } from './demo-page.ts'
import { whatIf } from './demo-whatif.ts'

/** A screen with all of the page on it: what moves out of sight does not count as a shift. */
const WHOLE = { width: 1280, height: 2400 }

const TABLE_ROLES = [
  'table table',
  'thead rowgroup',
  'tbody rowgroup',
  'tr row',
  'th columnheader',
  'th rowheader',
  'td cell',
]

describe("the demo's page", () => {
  const run = useDemo()

  const focused = (page: Page) => page.evaluate(() => document.activeElement?.id ?? '')

  describe('with a model in it', () => {
    let opened: DemoPage
    before(async () => {
      opened = await openDemo(run.harness.browser, {
        origin: run.demo.origin,
        initScript: watchShifts,
        viewport: WHOLE,
      })
    })
    after(() => opened[Symbol.asyncDispose]())

    test('moves nothing while it loads, downloads and answers', async () => {
      await opened.ready()
      await opened.page.click('#receipt summary')
      // To open the receipt is to move what is below it.
      await opened.page.evaluate(shiftsSoFar)
      for (const button of ['generate', 'force-server', 'force-browser'] as const) {
        for (const prompt of ['Tell me a story about a fox', 'Count from 1 to 60']) await opened.ask(button, prompt)
      }
      const shifts = await opened.page.evaluate(shiftsSoFar)
      assert.deepEqual(shifts, [])
    })

    test('tells screen readers of an answer now and then, and how it ended', async () => {
      const { page } = opened
      await watchAnnouncements(page)
      const shown = await opened.ask('force-browser', 'Count from 1 to 60')
      const said = await announcements(page)
      assert.ok(said.length > 0 && said.length * 10 < shown.tokens.browser, `${said.length} times`)
      assert.equal(said.join('').split(' Answered')[0]?.replaceAll(/\s+/g, ' ').trim(), shown.text)
      assert.match(said.at(-1) ?? '', /Answered by the browser: user_prefers_browser\.$/)
    })

    test('works by keyboard alone', async () => {
      const { page } = opened
      await page.focus('#prompt')
      await page.fill('#prompt', 'What is 7 + 5?')
      await page.keyboard.press('Control+Enter')
      assert.equal((await opened.ended()).text, '7 + 5 = 12.')
      assert.equal(await focused(page), 'prompt', 'the place is kept')

      // Back to the last chip, which fills in its prompt.
      await page.keyboard.press('Shift+Tab')
      const chip = await page.evaluate(() => document.activeElement?.textContent)
      await page.keyboard.press('Enter')
      assert.equal(await page.inputValue('#prompt'), chip)
      assert.equal(await focused(page), 'prompt')

      for (const id of ['complexity', 'max-tokens', 'local-only', 'generate', 'force-browser', 'force-server']) {
        await page.keyboard.press('Tab')
        assert.equal(await focused(page), id)
      }
      await page.fill('#prompt', 'Count from 1 to 60')
      await page.focus('#force-server')
      await page.evaluate(focusAtFirstToken)
      await page.keyboard.press('Enter')
      await opened.ended()
      assert.equal(await page.evaluate(() => (window as unknown as Watching).focusedThen), 'stop')
      assert.equal(await focused(page), 'force-server', 'Stop gives the focus back')

      for (const id of [
        'kill',
        'cut',
        'output',
        'receipt',
        'receipt-body',
        'history-scroll',
        'savings-scroll',
        'savings-sums',
        'stored', // Delete
        'preload',
        'delete-all',
        'forget',
        'what-if',
      ]) {
        await page.keyboard.press('Tab')
        assert.equal(await page.evaluate(() => document.activeElement?.closest('[id]')?.id), id)
      }
      await page.keyboard.press('Enter')
      await page.locator('#case-battery:enabled').waitFor()
      for (const name of ['prompt', 'battery', 'charging', 'network', 'privacy', 'tier', 'gpu', 'memory', 'models']) {
        await page.keyboard.press('Tab')
        assert.equal(await focused(page), `case-${name}`)
      }
    })

    test('Escape stops', async () => {
      await opened.page.evaluate(escapeAtFirstToken)
      const shown = await opened.ask('force-browser', 'Count from 1 to 60')
      assert.equal(shown.state, 'idle')
      assert.ok(shown.tokens.browser <= 5, `${shown.tokens.browser} tokens`)
    })
  })

  test('moves next to nothing when it is opened', async () => {
    await using opened = await openDemo(run.harness.browser, {
      origin: run.demo.origin,
      initScript: watchShifts,
      viewport: WHOLE,
    })
    await opened.ready()
    assert.deepEqual(await opened.page.evaluate(shiftsSoFar), [])
  })

  test('says that its grids are tables', async () => {
    await using opened = await openDemo(run.harness.browser, { origin: run.demo.origin })
    await opened.ready()
    await whatIf(opened.page).open()
    const roles = await opened.page.$$eval('.trace :is(table, thead, tbody, tr, th, td)', (parts) =>
      parts.map((part) => `${part.localName} ${part.getAttribute('role')}`),
    )
    assert.deepEqual(new Set(roles), new Set(TABLE_ROLES))
  })

  test('moves nothing for people who want no motion', async () => {
    await using opened = await openDemo(run.harness.browser, { origin: run.demo.origin })
    for (const [reducedMotion, moves] of [
      ['reduce', false],
      ['no-preference', true],
    ] as const) {
      await opened.page.emulateMedia({ reducedMotion })
      const durations = await opened.page.$$eval('*', (all) =>
        all.map((element) => getComputedStyle(element)).flatMap((s) => [s.transitionDuration, s.animationDuration]),
      )
      assert.equal(
        durations.some((duration) => /[1-9]/.test(duration)),
        moves,
      )
    }
  })
})

interface Watching {
  focusedThen: string
}

/** Remembers who has the focus when the first token shows. */
function focusAtFirstToken(): void {
  const output = document.querySelector('#output')
  const observer = new MutationObserver(() => {
    if (!output?.querySelector('.token')) return
    observer.disconnect()
    Object.assign(window, { focusedThen: document.activeElement?.id })
  })
  if (output) observer.observe(output, { childList: true })
}

/** Presses Escape when the first token shows. */
function escapeAtFirstToken(): void {
  const output = document.querySelector('#output')
  const observer = new MutationObserver(() => {
    if (!output?.querySelector('.token')) return
    observer.disconnect()
    document.activeElement?.dispatchEvent(new KeyboardEvent('keydown', { key: 'Escape', bubbles: true }))
  })
  if (output) observer.observe(output, { childList: true })
}
