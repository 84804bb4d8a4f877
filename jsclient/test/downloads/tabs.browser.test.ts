/** Tabs of one origin in Chromium: real locks, channels, caches and a real server. */
import assert from 'node:assert/strict'
import { after, before, beforeEach, describe, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { HIDEABLE, limitStorage, openHideable } from '../browser/faults.ts'
import { type Harness, openIn, startHarness, type TestPage } from '../browser/harness.ts'
import { Weights } from './weights.ts'

const PAGE = '/tab.js'
const SIZE = 400_000
const HALF = SIZE / 2

const DOWNLOAD = 'exclusive edgewise-download:cache:tiny'
const USE = 'shared edgewise-use:cache:tiny'

describe('tabs in Chromium', () => {
  let harness: Harness
  let weights: Weights
  before(async () => {
    harness = await startHarness({
      flags: HIDEABLE,
      bundles: { [PAGE]: fileURLToPath(new URL('pages/tab-page.ts', import.meta.url)) },
      routes: { '/weights/': (request, response) => weights.serve(request, response) },
    })
  })
  after(() => harness.close())
  beforeEach(() => {
    weights = new Weights()
  })

  /** The first tab of an origin that stores nothing. */
  async function open(options = {}): Promise<TestPage> {
    const opened = await harness.open()
    await opened.call(PAGE, 'begin', options)
    return opened
  }

  /** Another tab beside it. */
  async function beside({ context }: TestPage, options = {}): Promise<TestPage> {
    const opened = await openIn(context, harness.server.origin)
    await opened.call(PAGE, 'begin', options)
    return opened
  }

  /** A tab that has downloaded one half, and one that waits for it. */
  async function openBoth(): Promise<{ leader: TestPage; follower: TestPage }> {
    weights.hangs = 1
    const leader = await open()
    await leader.call(PAGE, 'startLoad')
    await weights.halfway
    const follower = await beside(leader)
    await follower.call(PAGE, 'startLoad')
    await follower.call(PAGE, 'queued')
    return { leader, follower }
  }

  /** Asserts what locks the tabs have. */
  async function assertLocks(tab: TestPage, expected: string[], message?: string): Promise<void> {
    assert.deepEqual(await tab.call(PAGE, 'locks', expected), expected, message)
  }

  /** Asserts what is stored: id, bytes and whether it is in use. */
  async function assertStored(tab: TestPage, expected: [string, number, boolean][]): Promise<void> {
    assert.deepEqual(await tab.call(PAGE, 'stored', expected), expected)
  }

  test('make one download, which both see', async () => {
    const { leader, follower } = await openBoth()
    await using _ = leader
    weights.release()
    await follower.call(PAGE, 'heard', SIZE)
    assert.deepEqual([await leader.call(PAGE, 'endLoad'), await follower.call(PAGE, 'endLoad')], ['ok', 'ok'])
    assert.deepEqual(weights.requests, [1, 1, 1, 1])
    assert.deepEqual(await leader.call(PAGE, 'asked'), [SIZE])
    assert.deepEqual(await follower.call(PAGE, 'asked'), [], 'the other one was told what the user had said')
    await assertLocks(leader, [USE, USE])
  })

  const ends: [string, (leader: TestPage) => Promise<unknown>][] = [
    ['closes', ({ page }) => page.close()],
    [
      'crashes',
      async ({ page, context }) => {
        const crashed = page.waitForEvent('crash')
        const session = await context.newCDPSession(page)
        // The command takes its own connection down with it.
        session.send('Page.crash').catch(() => {})
        await crashed
      },
    ],
    ['is left for another page', ({ page }) => page.goto('about:blank')],
    ['aborts', (leader) => leader.call(PAGE, 'abortLoad')],
  ]
  for (const [words, end] of ends) {
    test(`take over when the one that downloads ${words} half-way`, async () => {
      const { leader, follower } = await openBoth()
      await using _ = follower
      await end(leader)
      assert.equal(await follower.call(PAGE, 'endLoad'), 'ok')
      assert.deepEqual(weights.requests, [1, 1, 2, 1], 'what was whole was not fetched again')
      await assertLocks(follower, [USE])
    })
  }

  test('who waits can give up, and the download goes on', async () => {
    const { leader, follower } = await openBoth()
    await using _ = leader
    await follower.call(PAGE, 'abortLoad')
    assert.equal(await follower.call(PAGE, 'endLoad'), 'AbortError 20')
    await assertLocks(leader, [DOWNLOAD, USE])
    weights.release()
    assert.equal(await leader.call(PAGE, 'endLoad'), 'ok')
  })

  test('take over from one that is frozen, which then finds it all on disk', async () => {
    weights.hangs = 1
    await using leader = await openHideable(harness)
    await leader.call(PAGE, 'begin')
    await leader.call(PAGE, 'startLoad')
    await weights.halfway
    await leader.hide()
    await leader.freeze()
    const follower = await beside(leader, { followStallMs: 500 })
    await follower.call(PAGE, 'startLoad')
    assert.equal(await follower.call(PAGE, 'endLoad'), 'ok')
    assert.deepEqual(weights.requests, [1, 1, 2, 1])
    await assertLocks(follower, [DOWNLOAD, USE, USE], 'a frozen tab keeps its locks')
    weights.release()
    await leader.thaw()
    assert.equal(await leader.call(PAGE, 'endLoad'), 'ok')
    await assertLocks(follower, [USE, USE])
    await assertStored(follower, [['tiny', SIZE, true]])
  })

  test('that hit the quota fail by name and leave nothing in use', async () => {
    await using opened = await open({ sizeBytes: 4_000_000 })
    await limitStorage(opened, 1_000_000)
    await opened.call(PAGE, 'startLoad')
    assert.equal(await opened.call(PAGE, 'endLoad'), 'EngineError quota_exceeded')
    await assertLocks(opened, [])
    await limitStorage(opened)
    await opened.call(PAGE, 'startLoad')
    assert.equal(await opened.call(PAGE, 'endLoad'), 'ok', 'and it works when there is room')
  })

  test('that are reloaded half-way go on where they were', async () => {
    weights.hangs = 1
    await using opened = await open()
    await opened.call(PAGE, 'startLoad')
    await weights.halfway
    await opened.page.reload()
    await opened.call(PAGE, 'begin')
    await assertLocks(opened, [])
    await assertStored(opened, [['tiny', HALF, false]])
    await opened.call(PAGE, 'startLoad')
    assert.equal(await opened.call(PAGE, 'endLoad'), 'ok')
    assert.deepEqual(weights.requests, [1, 1, 2, 1])
    assert.deepEqual(await opened.call(PAGE, 'asked'), [], 'the user had agreed to more')
  })

  test('remove nothing that another one has', async () => {
    const { leader, follower } = await openBoth()
    await using _ = leader
    const third = await beside(leader)
    assert.equal(await third.call(PAGE, 'remove'), 'InvalidRequestError in_use', 'while it is downloaded')
    weights.release()
    await Promise.all([leader.call(PAGE, 'endLoad'), follower.call(PAGE, 'endLoad')])
    assert.equal(await third.call(PAGE, 'remove'), 'InvalidRequestError in_use', 'while it is resident')
    await leader.call(PAGE, 'unload')
    await follower.page.close()
    await assertLocks(third, [])
    assert.equal(await third.call(PAGE, 'remove'), 'ok')
    await assertStored(third, [])
  })

  test('remove what an earlier version left, but not from a tab that has it', async () => {
    await using old = await open()
    await old.call(PAGE, 'startLoad')
    assert.equal(await old.call(PAGE, 'endLoad'), 'ok')
    const young = await beside(old, { sizeBytes: 2 * SIZE })
    await young.call(PAGE, 'startLoad')
    assert.equal(await young.call(PAGE, 'endLoad'), 'ok')
    await assertLocks(young, [USE, USE])
    await assertStored(young, [['tiny', 3 * SIZE, true]])
    await old.page.close()
    await assertLocks(young, [USE])
    await young.call(PAGE, 'unload')
    await young.call(PAGE, 'startLoad')
    assert.equal(await young.call(PAGE, 'endLoad'), 'ok')
    await assertLocks(young, [USE])
    await assertStored(young, [['tiny', 2 * SIZE, true]])
  })

  test('let go of a model while they are in the back-forward cache', async () => {
    await using opened = await open()
    await opened.call(PAGE, 'startLoad')
    await opened.call(PAGE, 'endLoad')
    await opened.call(PAGE, 'transit', 'pagehide', false)
    await assertLocks(opened, [USE], 'a page that ends need not')
    await opened.call(PAGE, 'transit', 'pagehide', true)
    await assertLocks(opened, [])
    await opened.call(PAGE, 'transit', 'pageshow', true)
    await assertLocks(opened, [USE])
    await opened.call(PAGE, 'transit', 'pagehide', true)
    await opened.call(PAGE, 'unload')
    await opened.call(PAGE, 'transit', 'pageshow', true)
    await assertLocks(opened, [])
  })
})
