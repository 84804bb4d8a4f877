/** The demo's page as a page: keyboard, screen reader, small screens, colours, and nothing that jumps. */
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import type { Page } from 'playwright-core'
import { useDemo } from './demo-fixture.ts'
import { type DemoPage, openDemo } from './demo-page.ts'

/** A screen with all of the page on it: what moves out of sight does not count as a shift. */
const WHOLE = { width: 1280, height: 2000 }

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
      await page.evaluate(watchAnnouncements)
      const shown = await opened.ask('force-browser', 'Count from 1 to 60')
      const said = await page.evaluate(() => (window as unknown as Watching).said)
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

      for (const id of ['complexity', 'max-tokens', 'generate', 'force-browser', 'force-server']) {
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

      for (const id of ['output', 'receipt', 'receipt-body', 'history-scroll']) {
        await page.keyboard.press('Tab')
        assert.equal(await page.evaluate(() => document.activeElement?.closest('[id]')?.id), id)
      }
    })

    for (const colorScheme of ['light', 'dark'] as const) {
      test(`can be read in ${colorScheme} colours`, async () => {
        // Without transitions, or the colours are somewhere on their way.
        await opened.page.emulateMedia({ colorScheme, reducedMotion: 'reduce' })
        for (const button of ['force-browser', 'force-server'] as const) {
          await opened.ask(button, 'Hello!')
          const { faint, page } = await opened.page.evaluate(faintTexts)
          assert.deepEqual(faint, [])
          assert.equal(page, colorScheme === 'light' ? 'rgb(244, 245, 248)' : 'rgb(18, 21, 29)')
        }
      })
    }

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

  for (const { name, width, height } of [
    { name: 'a small phone', width: 320, height: 640 },
    { name: 'a phone', width: 390, height: 844 },
    { name: 'a tablet', width: 768, height: 1024 },
  ]) {
    test(`fits ${name}`, async () => {
      const options = { viewport: { width, height }, hasTouch: true, isMobile: true }
      await using opened = await openDemo(run.harness.browser, { origin: run.demo.origin, ...options })
      const { page } = opened
      await page.click('#receipt summary')
      await opened.ask('force-server', 'Tell me a story about a fox')
      const widest = await page.evaluate(() => document.documentElement.scrollWidth)
      assert.ok(widest <= width, `the page is ${widest} px wide`)
      const small = await page.$$eval('button, select, input, summary', (controls) =>
        controls.filter((control) => control.getBoundingClientRect().height < 24).map((control) => control.outerHTML),
      )
      assert.deepEqual(small, [], 'fingers find every control')
    })
  }

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
  shifts: string[]
  said: string[]
  focusedThen: string
  shiftObserver: PerformanceObserver
}

interface LayoutShift extends PerformanceEntry {
  value: number
  sources: { node: Node | null }[]
}

/** Writes down what moves, also right after a key or a click. */
function watchShifts(): void {
  const shifts: string[] = []
  const write = (entries: PerformanceEntryList) => {
    for (const { value, sources } of entries as LayoutShift[]) {
      const moved = sources.map(({ node }) => (node instanceof Element ? node.outerHTML.slice(0, 60) : node?.nodeName))
      shifts.push(`${value.toFixed(4)} ${moved}`)
    }
  }
  const shiftObserver = new PerformanceObserver((list) => write(list.getEntries()))
  shiftObserver.observe({ type: 'layout-shift', buffered: true })
  Object.assign(window, { shifts, shiftObserver, writeShifts: write })
}

/** Shifts up to the frame after this one, since it was last asked. */
async function shiftsSoFar(): Promise<string[]> {
  const { shifts, shiftObserver, writeShifts } = window as unknown as Watching & {
    writeShifts(entries: PerformanceEntryList): void
  }
  await new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve)))
  writeShifts(shiftObserver.takeRecords())
  return shifts.splice(0)
}

/** Writes down everything that a live region says. */
function watchAnnouncements(): void {
  const announcer = document.querySelector('#announcer')
  const said: string[] = []
  Object.assign(window, { said })
  const observer = new MutationObserver(() => said.push(announcer?.textContent ?? ''))
  if (announcer) observer.observe(announcer, { childList: true, characterData: true, subtree: true })
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

/** Texts with less contrast than WCAG AA asks for, 4.5 to 1; disabled controls may have less. */
function faintTexts(): { faint: string[]; page: string } {
  const channels = (color: string) => (color.match(/[\d.]+/g) ?? []).map(Number)
  const luminance = (color: string) => {
    const [r = 0, g = 0, b = 0] = channels(color).map((value) => {
      const share = value / 255
      return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4
    })
    return 0.2126 * r + 0.7152 * g + 0.0722 * b
  }
  const background = (element: Element | null): string => {
    if (!element) return 'rgb(255, 255, 255)'
    const { backgroundColor } = getComputedStyle(element)
    return channels(backgroundColor)[3] === 0 ? background(element.parentElement) : backgroundColor
  }
  const faint: string[] = []
  for (const element of document.body.querySelectorAll('*')) {
    const said = [...element.childNodes].some((node) => node.nodeType === Node.TEXT_NODE && node.nodeValue?.trim())
    if (!said || !element.checkVisibility() || element.matches(':disabled')) continue
    const [a, b] = [luminance(getComputedStyle(element).color), luminance(background(element))]
    const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05)
    if (ratio < 4.5) faint.push(`${ratio.toFixed(2)} ${element.outerHTML.slice(0, 80)}`)
  }
  return { faint, page: getComputedStyle(document.body).backgroundColor }
}
