/** The demo's answers when the side that makes them breaks under them, for real. */
import assert from 'node:assert/strict'
import { before, describe, test } from 'node:test'
import type { Page } from 'playwright-core'
import { announcements, watchAnnouncements } from './demo-announcements.ts'
import { useDemo } from './demo-fixture.ts'
import { type DemoPageOptions, openDemo } from './demo-page.ts'
import { type ReferencePrompt, readReference } from './demo-program.ts'
import { disguises, startRecorder } from './demo-recorder.ts'

const STORY = 'Tell me a story about a fox'
const MODEL = 'edgewise-tiny-v1'

/** What the browser logs of a server that was cut. */
const CUT = /ERR_(INCOMPLETE_CHUNKED_ENCODING|EMPTY_RESPONSE|FAILED) http:\/\/localhost:\d+\/api\/v1\//

describe("the demo's answer, when", () => {
  const run = useDemo()
  let story: ReferencePrompt
  before(async () => {
    const { prompts } = await readReference()
    story = prompts.find(({ messages: [only, more] }) => only?.content === STORY && !more) ?? assert.fail(STORY)
  })

  /** A page with the model in it. */
  const open = async (options: Partial<DemoPageOptions> = {}) => {
    const opened = await openDemo(run.harness.browser, { origin: run.demo.origin, expected: CUT, ...options })
    await opened.preload()
    return opened
  }

  test('the engine is killed at token 10, goes on at the server, and is the same', async () => {
    await using demo = await run.build.start()
    await using opened = await open({ origin: demo.origin })
    const { page } = opened
    await watchAnnouncements(page)
    await page.click('#kill')
    const shown = await opened.ask('generate', STORY)
    assert.deepEqual([shown.state, shown.target, shown.text], ['done', 'server', story.text])
    assert.deepEqual(await sides(page), ['token browser', 'join server', 'token server'])
    assert.equal(shown.tokens.browser, 10)
    const attempts = (await opened.attempts()).map((cells) => cells.slice(0, 5))
    const rest = String(story.completionTokens - 10)
    assert.deepEqual(attempts, [
      ['1', 'browser', MODEL, 'failed: lost', '10'],
      ['2', 'server', MODEL, 'went on, ok', rest],
    ])
    assert.match(await opened.stat('tokens'), new RegExp(` \\+ ${story.completionTokens}$`))
    assert.match(await sent(page), /^\d+ bytes of the prompt and of the text to go on with left this device\.$/)

    const said = (await announcements(page)).join('')
    assert.equal(said.split('(the browser failed, the server goes on)').length, 2, 'screen readers hear of it, once')
    assert.equal(await page.getAttribute('#kill', 'aria-pressed'), 'false', 'it was for one answer')
    assert.equal((await opened.history()).length, 1, 'it is one answer')
    const killed = 'Killed at token 10: 1 of 3 in five minutes, then the model is left alone.'
    await page.locator('#fault-status', { hasText: killed }).waitFor()
    assert.equal(await page.textContent('#stored-status'), '', 'it is no longer ready')
    // The report of the failed attempt goes its own way.
    await page.locator('#savings-models tr', { hasText: 'browser' }).waitFor()
    const { rows } = await opened.saved(1)
    assert.equal(rows[0]?.[5], (await opened.history())[0]?.[4], "the server's own tokens cost")
    assert.deepEqual(
      rows.map(([, source, answers, failed]) => [source, answers, failed]),
      [
        ['server', '1', '0'],
        ['browser', '0', '1'],
      ],
    )

    const next = await opened.ask('generate', STORY)
    assert.deepEqual([next.target, next.text], ['browser', story.text], 'the engine is back')
    assert.equal(await fault(page), '')
  })

  test('the engine is killed three times, comes from the server, until the user wants to try again', async () => {
    await using opened = await open()
    const { page } = opened
    for (let i = 0; i < 3; i++) {
      await page.click('#kill')
      const shown = await opened.ask('generate', STORY)
      assert.deepEqual([shown.target, shown.tokens.browser], ['server', 10])
    }
    await page.locator('#fault-status', { hasText: /^The model failed too often, so it is left alone/ }).waitFor()
    const shown = await opened.ask('generate', STORY)
    assert.deepEqual([shown.target, shown.reason, shown.tokens.browser], ['server', 'browser_unhealthy', 0])

    await page.reload()
    await page.getByRole('button', { name: 'Try it again' }).click()
    await page.locator('#fault-status', { hasText: /^The failures are forgotten/ }).waitFor()
    assert.equal(await page.evaluate(() => document.activeElement?.id), 'prompt')
    const again = await opened.ask('generate', STORY)
    assert.deepEqual([again.target, again.text], ['browser', story.text])
    await page.locator('#fault-status', { hasNotText: /./ }).waitFor()
  })

  test('the server is cut and nobody else may answer, keeps what it has until the server is back', async () => {
    await using opened = await openDemo(run.harness.browser, { origin: run.demo.origin, expected: CUT })
    const { page } = opened
    await opened.ready()
    await page.click('#cut')
    await page.locator('#fault-status', { hasText: 'breaks off' }).waitFor()
    const broken = await opened.ask('force-server', STORY)
    assert.deepEqual([broken.state, broken.error], ['error', 'The answer broke off here.'])
    assert.ok(broken.text.length > 10 && story.text.startsWith(broken.text), broken.text)
    assert.equal(await page.textContent('#badge'), 'incomplete')
    assert.equal(await fault(page), 'The server is gone, for 10 s.')

    await page.click('#output .rest')
    const still = await opened.ended()
    assert.deepEqual([still.state, still.text], ['error', broken.text])
    assert.equal(still.error, 'The rest is not to be had yet. Try again in a moment.')
    assert.equal(await page.locator('#output .error').count(), 1)

    await page.locator('#fault-status', { hasText: 'The server is back.' }).waitFor()
    await page.click('#output .rest')
    const shown = await opened.ended()
    assert.deepEqual([shown.state, shown.target, shown.text, shown.error], ['done', 'server', story.text, ''])
    assert.deepEqual(await sides(page), ['token server'])
    assert.equal(await page.textContent('#badge'), 'server · resumed')
    assert.equal(await fault(page), '')
  })

  test('the server is cut in its middle, begins again in the browser, and says so', async () => {
    await using opened = await open()
    const { page } = opened
    await page.click('#cut')
    await page.locator('#fault-status', { hasText: 'breaks off' }).waitFor()
    const shown = await opened.ask('generate', STORY, { complexity: 'complex' })
    assert.deepEqual([shown.state, shown.target, shown.reason], ['done', 'browser', 'request_too_complex'])
    assert.equal(shown.text, story.text, 'none of it is there twice')
    assert.deepEqual(await sides(page), ['token browser'])
    const dropped = (await page.textContent('#output .restart del')) ?? ''
    assert.ok(dropped.length > 10 && story.text.startsWith(dropped), dropped)
    const note = (await page.textContent('#output .restart')) ?? ''
    assert.ok(note.startsWith('The server broke off, so the browser begins again.'), note)
    assert.deepEqual(
      (await opened.attempts()).map(([, target, , outcome]) => [target, outcome]),
      [
        ['server', 'failed: stream_interrupted'],
        ['browser', 'ok'],
      ],
    )

    const meanwhile = await opened.ask('generate', 'What is 7 + 5?')
    assert.deepEqual([meanwhile.target, meanwhile.text], ['browser', '7 + 5 = 12.'])
    assert.equal((await opened.receipt())['Decided by'], 'the page', 'the server is gone for a while')
  })

  test('the server breaks before it begins, comes from the browser in silence', async () => {
    await using opened = await open()
    const { page } = opened
    await page.route('**/chat/completions', (route) => route.abort(), { times: 1 })
    const shown = await opened.ask('generate', STORY, { complexity: 'complex' })
    assert.deepEqual([shown.state, shown.target, shown.text], ['done', 'browser', story.text])
    assert.deepEqual(await page.$$eval('#output > *', (parts) => [...new Set(parts.map((part) => part.className))]), [
      'token browser',
    ])
    assert.deepEqual(
      (await opened.attempts()).map(([, target]) => target),
      ['server', 'browser'],
    )
  })

  test('it is local only and the server cut, comes from the device, and nothing leaves that', async () => {
    await using recorder = await startRecorder(run.demo.origin)
    await using opened = await open({ origin: recorder.origin })
    const { page } = opened
    const canary = 'quixotterpalindrake'
    const forms = disguises(canary)
    const seen = () => recorder.requests.filter(({ bytes }) => forms.some((form) => bytes.includes(form)))
    await page.click('#cut')
    const cut = await opened.ask('force-server', `Repeat: ${canary} one two three four five six`)
    assert.equal(cut.state, 'error')
    assert.equal(seen().length, 1, 'the recorder would see it')

    recorder.clear()
    await page.getByLabel('Local only').check()
    const shown = await opened.ask('generate', `Repeat: ${canary}`)
    assert.deepEqual([shown.state, shown.target, shown.reason], ['done', 'browser', 'local_only'])
    assert.equal(await sent(page), '0 bytes of the prompt left this device.')
    assert.equal(await opened.stat('sent'), '0 B')
    assert.match((await opened.receipt()).Privacy ?? '', /^local only/)
    assert.deepEqual(
      (await opened.attempts()).map((cells) => cells.slice(0, 4)),
      [['1', 'browser', MODEL, 'ok']],
    )
    assert.deepEqual(seen(), [])
    const asked = recorder.requests.filter(({ what }) => /route|chat|analytics|policy/.test(what))
    assert.deepEqual(asked, [], 'not even where to run')

    const forced = await opened.ask('force-server', `Repeat: ${canary}`)
    assert.deepEqual([forced.state, forced.text, seen()], ['error', '', []], 'whoever insists on the server gets none')
  })

  test('it is local only and the engine killed, breaks off, and its rest is to be had', async () => {
    await using opened = await open()
    const { page } = opened
    await page.getByLabel('Local only').check()
    await page.click('#kill')
    const broken = await opened.ask('generate', STORY)
    assert.deepEqual([broken.state, broken.tokens.browser], ['error', 10])
    assert.equal(broken.error, 'The engine stopped here. Local only: the server was not asked.')
    assert.equal(await page.textContent('#badge'), 'incomplete')
    await page.click('#output .rest')
    const shown = await opened.ended()
    assert.deepEqual([shown.state, shown.target, shown.text, shown.error], ['done', 'browser', story.text, ''])
    assert.equal(await page.textContent('#badge'), 'browser · resumed')
    assert.deepEqual(
      (await opened.attempts()).map(([, target, , outcome]) => [target, outcome]),
      [
        ['browser', 'failed: lost'],
        ['browser', 'went on, ok'],
      ],
    )
    assert.equal(await sent(page), '0 bytes of the prompt left this device.')
  })

  test('the engine was to be killed and is spared, is whole', async () => {
    await using opened = await open()
    await opened.page.click('#kill')
    await opened.page.click('#kill')
    const shown = await opened.ask('generate', STORY)
    assert.deepEqual([shown.target, shown.text], ['browser', story.text])
    assert.equal((await opened.attempts()).length, 1)
  })
})

/** What the text is made of, from its beginning to its end. */
async function sides(page: Page): Promise<string[]> {
  const parts = await page.$$eval('#output > :is(.token, .join)', (parts) => parts.map((part) => part.className))
  return parts.filter((part, i) => part !== parts[i - 1])
}

/** What the receipt says of what was sent. */
async function sent(page: Page): Promise<string> {
  return (await page.textContent('#receipt-body .sent')) ?? ''
}

/** What the page says of what was broken. */
async function fault(page: Page): Promise<string> {
  return (await page.textContent('#fault-status')) ?? ''
}
