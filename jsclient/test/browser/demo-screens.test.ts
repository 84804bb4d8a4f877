/** The demo's page on screens of every width: all of it fits, can be touched, and stays where it is. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { useDemo } from './demo-fixture.ts'
import { openDemo } from './demo-page.ts'
import { EVERY_OUTCOME, whatIf } from './demo-whatif.ts'

/** The controls of "what if" with its button. */
const CONTROLS = 11

describe("the demo's page", () => {
  const run = useDemo()

  for (const { name, width, height } of [
    { name: 'a small phone', width: 320, height: 640 },
    { name: 'a common phone', width: 360, height: 740 },
    { name: 'a phone', width: 390, height: 844 },
    { name: 'a tablet', width: 768, height: 1024 },
  ]) {
    test(`fits ${name}`, async () => {
      const options = { viewport: { width, height }, hasTouch: true, isMobile: true }
      await using opened = await openDemo(run.harness.browser, { origin: run.demo.origin, offers: 'later', ...options })
      const { page } = opened
      await opened.ready()
      await page.click('#preload')
      await page.locator('#offer:modal').waitFor()
      assert.deepEqual(await page.$$eval('#offer *', tooNarrow), [])
      assert.deepEqual(await page.evaluate(outOfWindow), [])
      await page.getByRole('button', { name: 'Download' }).click()
      await page.locator('#stored-status', { hasText: 'is ready' }).waitFor()
      assert.deepEqual(await page.$$eval('.aside *', tooNarrow), [])
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
        controls
          .filter((control) => control.checkVisibility() && control.getBoundingClientRect().height < 24)
          .map((control) => control.outerHTML),
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

  test('moves nothing while the controls of "what if" move', async () => {
    await using opened = await openDemo(run.harness.browser, { origin: run.demo.origin })
    await opened.ready()
    await whatIf(opened.page).open()
    for (const width of [1280, 1140, 1080, 900, 768, 560, 412, 360, 320]) {
      await opened.page.setViewportSize({ width, height: 900 })
      assert.deepEqual(await opened.page.evaluate(jumps), [], `${width} px wide`)
    }
  })
})

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

/** Parts of an offer that can't be seen. */
function outOfWindow(): string[] {
  return [...document.querySelectorAll('#offer, #offer button')]
    .filter((part) => {
      const { left, right, top, bottom } = part.getBoundingClientRect()
      return left < 0 || top < 0 || right > window.innerWidth || bottom > window.innerHeight
    })
    .map((part) => part.outerHTML.slice(0, 80))
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
