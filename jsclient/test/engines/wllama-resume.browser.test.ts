/** Downloads of the wllama adapter that end in their midst, in Chromium: what came stays, and the next load goes on. */
import assert from 'node:assert/strict'
import { after, before, beforeEach, describe, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import type { ModelInfo } from '../../src/wire.ts'
import type { Harness, TestPage } from '../browser/harness.ts'
import { openIn } from '../browser/harness.ts'
import type { Loaded } from './pages/wllama-store-page.ts'
import { prompts } from './reference.ts'
import { startWllamaHarness } from './wllama-harness.ts'
import { content, createShelf, sha256 } from './wllama-shelf.ts'

const PAGE = '/store-page.js'
const SIZE = content.length
const HALF = SIZE / 2
const REST = `GET bytes=${HALF}-`
const source = { url: '/shelf/a.gguf' }
const [asked] = prompts

let shelf = createShelf()
let harness: Harness
let opened: TestPage
before(async () => {
  harness = await startWllamaHarness({
    bundles: { [PAGE]: fileURLToPath(new URL('pages/wllama-store-page.ts', import.meta.url)) },
    routes: { '/shelf/': (request, response) => shelf.route(request, response) },
  })
})
after(() => harness.close())
beforeEach(async (t) => {
  shelf = createShelf()
  opened = await harness.open()
  if ('after' in t) t.after(() => opened[Symbol.asyncDispose]())
})

const call = <T>(name: string, ...args: unknown[]) => opened.call<T>(PAGE, name, ...args)
const ask = (model: Partial<ModelInfo>) => call<Loaded>('ask', model, asked?.messages, asked?.maxTokens)

/** Begins a load, and lets half of the file come. */
async function begin(): Promise<{ ended: Promise<Loaded> }> {
  shelf.pauseAt = HALF
  const ended = ask({ source })
  ended.catch(() => {})
  await call('becomes', { source }, HALF)
  return { ended }
}

/** Aborts a load that has fetched half of the file. */
async function leaveHalf(): Promise<void> {
  const { ended } = await begin()
  await call('abort')
  assert.match((await ended).code, /AbortError/)
  shelf.pauseAt = Number.POSITIVE_INFINITY
}

/** A load, which fetches so many bytes, and is asked. */
async function fetches(bytes: number, model: Partial<ModelInfo> = { source }): Promise<void> {
  shelf.pauseAt = Number.POSITIVE_INFINITY
  const loaded = await ask(model)
  assert.deepEqual([loaded.code, loaded.text], ['', asked?.text])
  assert.deepEqual(loaded.bytes, { loadedBytes: bytes, totalBytes: bytes })
  assert.deepEqual([await call('missing', model), await call('stored', model)], [0, SIZE])
}

/** Another tab of the same browser. */
const openTab = () => openIn(opened.context, harness.server.origin)

describe('wllama goes on where it left off', () => {
  test('after an abort, and says so before', async () => {
    await leaveHalf()
    assert.equal(await call('status', { source }), 'absent')
    assert.deepEqual([await call('missing', { source }), await call('stored', { source })], [HALF, HALF])
    await fetches(HALF)
    assert.deepEqual(shelf.asked, ['GET', 'HEAD', REST])
  })

  test('after an abort that the next load does not wait for', async () => {
    const { ended } = await begin()
    shelf.pauseAt = Number.POSITIVE_INFINITY
    const next = await call<Loaded>('abortAndAsk', { source }, asked?.messages, asked?.maxTokens)
    assert.deepEqual([next.code, next.text, next.bytes.loadedBytes], ['', asked?.text, HALF])
    assert.match((await ended).code, /AbortError/)
  })

  test('after the network broke', async () => {
    const { ended } = await begin()
    shelf.cut()
    assert.equal((await ended).code, 'download_failed')
    await fetches(HALF)
  })

  test('after an answer ended early, and the browser took it for whole', async () => {
    await call('endEarly', HALF)
    assert.equal((await ask({ source })).code, 'download_failed')
    assert.deepEqual([await call('status', { source }), await call('stored', { source })], ['absent', HALF])
    await fetches(HALF)
    assert.deepEqual(shelf.asked, ['GET', REST])
  })

  test('after the tab was closed', async () => {
    await begin()
    await opened.page.close()
    opened = await openTab()
    await fetches(HALF)
  })

  test('after the tab crashed', async () => {
    await begin()
    const session = await opened.context.newCDPSession(opened.page)
    const crashed = opened.page.waitForEvent('crash')
    // The command never returns.
    session.send('Page.crash').catch(() => {})
    await crashed
    opened = await openTab()
    await fetches(HALF)
    assert.deepEqual(shelf.asked, ['GET', REST])
  })
})

describe('wllama starts afresh', () => {
  test('where the server knows no ranges', async () => {
    await leaveHalf()
    shelf.knowsRanges = false
    await fetches(SIZE)
    assert.deepEqual(shelf.asked, ['GET', REST])
  })

  test('where the server has another file now', async () => {
    await leaveHalf()
    shelf.etag = '"v2"'
    assert.equal(await call('missing', { source }), SIZE)
    await fetches(SIZE)
    assert.deepEqual(shelf.asked, ['GET', 'HEAD', REST, 'GET'])
  })

  test('where what came was spoiled on disk, and a checksum tells', async () => {
    await leaveHalf()
    await call('write', 'a.gguf', 1000, 'spoiled')
    await fetches(SIZE, { source, sha256 })
    assert.deepEqual(shelf.asked, ['GET', REST, 'GET'])
  })

  test('where the server names no version, and keeps nothing meanwhile', async () => {
    shelf.etag = ''
    await leaveHalf()
    await call('becomes', { source }, 0)
    assert.deepEqual(await call('files'), [])
    await fetches(SIZE)
    assert.deepEqual(shelf.asked, ['GET', 'GET'])
  })
})

describe('while one page downloads a model, another one', () => {
  /** One page downloads; the other wants the model too. */
  const race = async () => {
    const first = await begin()
    const other = await openTab()
    const second = other.call<Loaded>(PAGE, 'ask', { source }, asked?.messages, asked?.maxTokens)
    return { first: first.ended, second }
  }

  test('waits, and fetches nothing', async () => {
    const { first, second } = await race()
    shelf.go()
    for (const loaded of [await first, await second]) assert.deepEqual([loaded.code, loaded.text], ['', asked?.text])
    assert.deepEqual(shelf.asked, ['GET'])
  })

  test('can not remove it', async () => {
    const { ended } = await begin()
    assert.equal(await call('remove', 'remove', { source }), 'load_failed')
    shelf.go()
    assert.equal((await ended).text, asked?.text)
  })

  test('fails with a name when nothing comes any more', async () => {
    const { first, second } = await race()
    assert.equal((await second).code, 'download_failed')
    shelf.go()
    assert.equal((await first).text, asked?.text)
  })
})
