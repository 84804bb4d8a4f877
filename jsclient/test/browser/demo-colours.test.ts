/** The demo's page can be read, in light and in dark colours, whatever it shows. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { useDemo } from './demo-fixture.ts'
import { faintTexts } from './demo-looks.ts'
import { openDemo } from './demo-page.ts'
import { EVERY_OUTCOME, whatIf } from './demo-whatif.ts'

describe("the demo's page", () => {
  const run = useDemo()

  for (const colorScheme of ['light', 'dark'] as const) {
    // Without transitions, or the colours are somewhere on their way.
    const look = { colorScheme, reducedMotion: 'reduce' } as const

    test(`can be read in ${colorScheme} colours`, async () => {
      await using opened = await openDemo(run.harness.browser, { origin: run.demo.origin, ...look })
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

    test(`can be read in ${colorScheme} colours when it asks, and when it breaks`, async () => {
      await using opened = await openDemo(run.harness.browser, {
        origin: run.demo.origin,
        offers: 'later',
        expected: /ERR_INCOMPLETE_CHUNKED_ENCODING|ERR_EMPTY_RESPONSE/,
        ...look,
      })
      const { page } = opened
      const faint = async () => (await page.evaluate(faintTexts)).faint
      const session = await page.context().newCDPSession(page)
      await session.send('Emulation.setDataSaverOverride', { dataSaverEnabled: true })
      await opened.ready()
      await page.click('#preload')
      await page.locator('#offer-metered').waitFor()
      assert.deepEqual(await faint(), [])
      await page.getByRole('button', { name: 'Download' }).click()
      await page.locator('#stored-status', { hasText: 'is ready' }).waitFor()

      await page.check('#local-only')
      await page.click('#kill')
      assert.deepEqual(await faint(), [])
      await opened.ask('generate', 'Tell me a story about a fox')
      await page.locator('#output .rest').waitFor()
      assert.deepEqual(await faint(), [])
      await page.uncheck('#local-only')
      await page.click('#kill')
      await opened.ask('generate', 'Tell me a story about a fox')
      await page.locator('#output .join').waitFor()
      assert.deepEqual(await faint(), [])
      await page.click('#cut')
      await opened.ask('generate', 'Tell me a story about a fox', { complexity: 'complex' })
      await page.locator('#output .restart').waitFor()
      assert.deepEqual(await faint(), [])
    })
  }
})
