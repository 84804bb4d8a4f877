/** The demo's page as a page: keyboard, screen reader, small screens, colours, and nothing that jumps. */
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import type { Page } from 'playwright-core'
import { useDemo } from './demo-fixture.ts'
import { faintTexts, shiftsSoFar, watchShifts } from './demo-looks.ts'
import { type DemoPage, openDemo } from './demo-page.ts'
import { type Choices, whatIf } from './demo-whatif.ts'

/** A screen with all of the page on it: what moves out of sight does not count as a shift. */
const WHOLE = { width: 1280, height: 2000 }

/** Choices of "what if" that end in each colour, with the longest words. */
const EVERY_OUTCOME: Choices[] = [
  { GPU: 'webgpu', Engines: 'any', Device: 'high-end' },
  { Battery: '10', Charging: 'no', 'Prompt length': '170', GPU: 'webgpu', Engines: 'any' },
  { GPU: 'none', 'Prompt length': '200' },
  { GPU: 'none', Privacy: 'local-only', Network: 'offline' },
]

/** The controls of "what if" with its button. */
const CONTROLS = 11

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

      for (const id of [
        'output',
        'receipt',
        'receipt-body',
        'history-scroll',
        'savings-scroll',
        'savings-sums',
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
        const section = whatIf(opened.page)
        await section.open()
        for (const choices of EVERY_OUTCOME) {
          await section.reset()
          await section.set(choices)
          assert.deepEqual((await opened.page.evaluate(faintTexts)).faint, [], JSON.stringify(choices))
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
    { name: 'a common phone', width: 360, height: 740 },
    { name: 'a phone', width: 390, height: 844 },
    { name: 'a tablet', width: 768, height: 1024 },
  ]) {
    test(`fits ${name}`, async () => {
      const options = { viewport: { width, height }, hasTouch: true, isMobile: true }
      await using opened = await openDemo(run.harness.browser, { origin: run.demo.origin, ...options })
      const { page } = opened
      await page.click('#receipt summary')
      await opened.ask('force-server', 'Tell me a story about a fox')
      const section = whatIf(page)
      await section.open()
      for (const choices of EVERY_OUTCOME) {
        await section.reset()
        await section.set(choices)
        assert.deepEqual(await page.$$eval('#what-if *', tooNarrow), [], JSON.stringify(choices))
      }
      assert.deepEqual(await page.$$eval('.saved *', tooNarrow), [])
      const widest = await page.evaluate(() => document.documentElement.scrollWidth)
      assert.ok(widest <= width, `the page is ${widest} px wide`)
      const small = await page.$$eval('button, select, input, summary', (controls) =>
        controls.filter((control) => control.getBoundingClientRect().height < 24).map((control) => control.outerHTML),
      )
      assert.deepEqual(small, [], 'fingers find every control')
    })
  }

  for (const [width, height] of [
    [360, 640],
    [320, 568],
  ] as const) {
    test(`on ${width} x ${height}, no control of "what if" that has the focus hides behind the decision`, async () => {
      const viewport = { width, height }
      await using opened = await openDemo(run.harness.browser, { origin: run.demo.origin, viewport })
      await opened.ready()
      const { page } = opened
      const section = whatIf(page)
      await section.open()
      for (const choices of EVERY_OUTCOME) {
        await section.set(choices)
        await page.focus('#what-if summary')
        for (const key of ['Tab', 'Shift+Tab']) {
          const seen: string[] = []
          for (let i = 0; i < CONTROLS; i++) {
            await page.keyboard.press(key)
            const { id, hidden } = await page.evaluate(focusBehindDecision)
            seen.push(id)
            assert.ok(hidden < 1, `${id} after ${key}: ${hidden} px`)
          }
          assert.equal(new Set(seen).size, CONTROLS)
          assert.ok(seen.includes('case-engines'))
        }
      }
    })
  }

  test('says that its grids are tables', async () => {
    await using opened = await openDemo(run.harness.browser, { origin: run.demo.origin })
    await opened.ready()
    await whatIf(opened.page).open()
    const roles = await opened.page.$$eval('.trace :is(table, thead, tbody, tr, th, td)', (parts) =>
      parts.map((part) => `${part.localName} ${part.getAttribute('role')}`),
    )
    assert.deepEqual(new Set(roles), new Set(TABLE_ROLES))
  })

  test('moves nothing while the controls of "what if" move', async () => {
    await using opened = await openDemo(run.harness.browser, { origin: run.demo.origin })
    await opened.ready()
    await whatIf(opened.page).open()
    for (const width of [1280, 1140, 1080, 900, 768, 560, 412, 360, 320]) {
      await opened.page.setViewportSize({ width, height: 900 })
      assert.deepEqual(await opened.page.evaluate(jumps), [], `${width} px wide`)
    }
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
  said: string[]
  focusedThen: string
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

/** What has the focus, and how much of it lies behind the decision or out of the window, px. */
async function focusBehindDecision(): Promise<{ id: string; hidden: number }> {
  await new Promise(requestAnimationFrame)
  const { activeElement: focused } = document
  const decision = document.querySelector('.decision')?.getBoundingClientRect()
  const box = focused?.getBoundingClientRect()
  if (!focused || !decision || !box) return { id: 'nothing', hidden: Number.POSITIVE_INFINITY }
  const behind = Math.min(box.bottom - decision.top, decision.bottom - box.top)
  return { id: focused.id, hidden: Math.max(behind, -box.top, box.bottom - window.innerHeight) }
}

/** Texts that need more room than they have. */
function tooNarrow(elements: Element[]): string[] {
  return elements
    .filter((element) => element.matches('tbody th, td, dd, p, label, output') && element.checkVisibility())
    .filter(({ scrollWidth, clientWidth }) => clientWidth > 1 && scrollWidth > clientWidth)
    .map((element) => element.outerHTML.slice(0, 80))
}

/** Choices of "what if" that make the section, or a part of it, another size: each option, and 25 mixtures. */
function jumps(): string[] {
  const section = document.querySelector<HTMLElement>('#what-if')
  const form = document.querySelector<HTMLFormElement>('#case')
  if (!section || !form) return ['there is no section']
  const fields = [...form.elements].filter((field) => field.matches('select, input')) as HTMLSelectElement[]
  const values = (field: HTMLSelectElement): string[] =>
    field.options ? [...field.options].map(({ value }) => value) : ['0', '19', '100', '160', '185', '200']
  const heights = () => [section, ...section.children].map((part) => part.getBoundingClientRect().height)
  const first = heights()
  const found: string[] = []
  const check = () => {
    form.dispatchEvent(new Event('input'))
    const now = heights()
    // Less than a pixel is how fractions of a line are rounded.
    const jumped = now.some((height, i) => Math.abs(height - (first[i] ?? 0)) >= 1)
    if (jumped) found.push(`${now}, not ${first}: ${fields.map(({ value }) => value)}`)
  }
  for (const field of fields) {
    for (const value of values(field)) {
      field.value = value
      check()
    }
    form.reset()
  }
  let seed = 1
  for (let i = 0; i < 25; i++) {
    for (const field of fields) {
      seed = (seed * 48271) % 2147483647
      const all = values(field)
      field.value = all[seed % all.length] ?? ''
    }
    check()
  }
  form.reset()
  return found.slice(0, 3)
}
