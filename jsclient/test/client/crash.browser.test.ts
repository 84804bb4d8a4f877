/** Tabs that models took down, in Chromium: whose fault it is, and whose it is not. */
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { HIDEABLE, openHideable } from '../browser/faults.ts'
import { type Harness, openIn, startHarness, type TestPage } from '../browser/harness.ts'

const PAGE = '/page.js'
const WELL = { tiny: 0, other: 0 }

let harness: Harness
before(async () => {
  const bundles = { [PAGE]: fileURLToPath(new URL('pages/crash-page.ts', import.meta.url)) }
  harness = await startHarness({ bundles, flags: HIDEABLE })
})
after(() => harness.close())

/** Another tab of the same visitor. */
function openBeside({ context }: TestPage): Promise<TestPage> {
  return openIn(context, harness.server.origin)
}

/** Takes the tab down, as the browser does when memory runs out. */
async function crash({ page, context }: TestPage): Promise<void> {
  const session = await context.newCDPSession(page)
  const crashed = page.waitForEvent('crash')
  session.send('Page.crash').catch(() => {})
  await crashed
}

function failures(opened: TestPage): Promise<Record<string, number>> {
  return opened.call(PAGE, 'failures')
}

function marked(opened: TestPage): Promise<string[]> {
  return opened.call(PAGE, 'marked')
}

describe('a tab that crashes', () => {
  for (const begin of [
    ['startLoad', 'tiny', 'load'],
    ['startAnswer', 'tiny'],
  ]) {
    test(`in ${begin[0]}: the model is left alone, another is not, until it answers`, async () => {
      await using first = await harness.open()
      const [name = '', ...args] = begin
      await first.call(PAGE, name, ...args)
      await crash(first)
      const next = await openBeside(first)
      assert.deepEqual(await marked(next), ['tiny'])
      assert.deepEqual(await failures(next), { tiny: 3, other: 0 })
      assert.deepEqual(await marked(next), [])
      await next.page.reload()
      assert.deepEqual(await failures(next), { tiny: 3, other: 0 }, 'also later')
      await next.call(PAGE, 'answer', 'tiny')
      assert.deepEqual(await failures(next), WELL)
    })
  }

  test('while bytes come: nobody is blamed', async () => {
    await using first = await harness.open()
    await first.call(PAGE, 'startLoad', 'tiny', 'download')
    await crash(first)
    assert.deepEqual(await failures(await openBeside(first)), WELL)
  })

  test('with nothing going on: nobody is blamed', async () => {
    await using first = await harness.open()
    await first.call(PAGE, 'answer', 'tiny')
    await crash(first)
    assert.deepEqual(await failures(await openBeside(first)), WELL)
  })
})

describe('a tab that is left while a model loads', () => {
  const ways: Record<string, (opened: TestPage) => Promise<unknown>> = {
    closed: ({ page }) => page.close({ runBeforeUnload: false }),
    reloaded: ({ page }) => page.reload(),
    'sent elsewhere': ({ page }) => page.goto('about:blank'),
  }
  for (const [way, leave] of Object.entries(ways)) {
    test(`${way}: nobody is blamed`, async () => {
      await using first = await harness.open()
      const beside = await openBeside(first)
      await first.call(PAGE, 'startLoad', 'tiny', 'load')
      assert.deepEqual(await marked(beside), ['tiny'])
      await leave(first)
      assert.deepEqual(await failures(await openBeside(beside)), WELL)
      assert.deepEqual(await marked(beside), [])
    })
  }

  test('hidden: the mark is taken away, and is back when the tab is', async () => {
    await using opened = await openHideable(harness)
    await opened.call(PAGE, 'startLoad', 'tiny', 'load')
    assert.deepEqual(await marked(opened), ['tiny'])
    await opened.hide()
    assert.deepEqual(await marked(opened), [])
    await opened.show()
    assert.deepEqual(await marked(opened), ['tiny'])
  })

  test('put away and shown again: so too', async () => {
    await using opened = await harness.open()
    await opened.call(PAGE, 'startLoad', 'tiny', 'load')
    const seen: string[][] = []
    for (const type of ['pagehide', 'pageshow']) {
      await opened.page.evaluate((name) => dispatchEvent(new PageTransitionEvent(name, { persisted: true })), type)
      seen.push(await marked(opened))
    }
    assert.deepEqual(seen, [[], ['tiny']])
  })
})

test('a tab that lives and loads is no crash, however often another one looks', async () => {
  await using first = await harness.open()
  await first.call(PAGE, 'startLoad', 'tiny', 'load')
  const beside = await openBeside(first)
  for (let i = 0; i < 2; i++) assert.deepEqual(await failures(beside), WELL)
  assert.deepEqual(await marked(beside), ['tiny'])
  await crash(first)
  assert.deepEqual(await failures(beside), { tiny: 3, other: 0 }, 'and one of those that live finds out')
})
