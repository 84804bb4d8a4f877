/** What the wllama adapter keeps on the device, in Chromium: sizes, versions, whose it is, and whether it is still whole. */
import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { after, before, beforeEach, describe, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import type { ModelInfo } from '../../src/wire.ts'
import { limitStorage } from '../browser/faults.ts'
import type { Harness, TestPage } from '../browser/harness.ts'
import type { Loaded } from './pages/wllama-store-page.ts'
import { prompts } from './reference.ts'
import { startWllamaHarness } from './wllama-harness.ts'
import { content, createShelf, sha256 } from './wllama-shelf.ts'

const PAGE = '/store-page.js'
const SIZE = content.length
const at = (name: string, over: Partial<ModelInfo> = {}) => ({ source: { url: `/shelf/${name}` }, ...over })
const [asked] = prompts

const shelf = createShelf()
let harness: Harness
let opened: TestPage
before(async () => {
  harness = await startWllamaHarness({
    bundles: { [PAGE]: fileURLToPath(new URL('pages/wllama-store-page.ts', import.meta.url)) },
    routes: { '/shelf/': shelf.route },
  })
})
after(() => harness.close())
beforeEach(async (t) => {
  opened = await harness.open()
  shelf.asked.length = 0
  if ('after' in t) t.after(() => opened[Symbol.asyncDispose]())
})

const call = <T>(name: string, ...args: unknown[]) => opened.call<T>(PAGE, name, ...args)

/** Loads, and wants the reference's answer. */
async function answers(model: Partial<ModelInfo>): Promise<Loaded> {
  const loaded = await call<Loaded>('ask', model, asked?.messages, asked?.maxTokens)
  assert.deepEqual([loaded.code, loaded.text], ['', asked?.text])
  return loaded
}

describe('the store of wllama', () => {
  test('says what is missing and what is there, by headers alone', async () => {
    assert.deepEqual([await call('missing', at('a.gguf')), await call('stored', at('a.gguf'))], [SIZE, 0])
    assert.deepEqual(shelf.asked, ['HEAD'])
    await answers(at('a.gguf'))
    assert.deepEqual([await call('missing', at('a.gguf')), await call('stored', at('a.gguf'))], [0, SIZE])
    assert.deepEqual(shelf.asked, ['HEAD', 'GET'])
  })

  test('knows no size where the server names none', async () => {
    for (const url of ['/nowhere.gguf', '/']) assert.equal(await call('missing', { source: { url } }), null)
  })

  test('removes a model, and nothing of anybody else', async () => {
    await call('write', 'notes.txt', 0, "the app's")
    await call('downloadByPackage', '/shelf/theirs.gguf')
    await answers(at('a.gguf'))
    await answers(at('b.gguf', { id: 'other' }))
    // A file that the app brought by the package serves, and stays the app's.
    await answers(at('theirs.gguf'))
    assert.equal(await call('stored', at('a.gguf')), SIZE)
    for (const _ of ['once', 'again']) assert.equal(await call('remove', 'remove', at('a.gguf')), '')
    assert.deepEqual(await call('files'), ['b.gguf', 'notes.txt', 'theirs.gguf'])
    assert.deepEqual([await call('stored', at('a.gguf')), await call('stored', { id: 'other' })], [0, SIZE])
  })

  test('keeps a file that two models have until both are removed', async () => {
    await answers(at('a.gguf'))
    await answers(at('a.gguf', { id: 'other' }))
    assert.deepEqual(shelf.asked, ['GET'])
    await call('remove', 'remove', at('a.gguf'))
    assert.deepEqual([await call('stored', {}), await call('stored', { id: 'other' })], [0, SIZE])
    await call('remove', 'remove', { id: 'other' })
    assert.deepEqual(await call('files'), [])
  })

  test('removes what earlier versions left, which counts until then', async () => {
    for (const name of ['a.gguf', 'b.gguf']) await answers(at(name))
    await answers(at('c.gguf', { id: 'other' }))
    assert.equal(await call('stored', at('b.gguf')), 2 * SIZE)
    assert.equal(await call('remove', 'removeOld', at('b.gguf')), '')
    assert.deepEqual(await call('files'), ['b.gguf', 'c.gguf'])
    assert.equal(await call('status', at('b.gguf')), 'cached')
  })

  test('ends with the signal, and fails with a name', async () => {
    assert.deepEqual(await call('abortedCalls'), Array(4).fill('Error: no'))
    assert.equal(await call('remove', 'removeOld', { source: {} }), 'misconfigured')
  })
})

describe('wllama checks what it reads', () => {
  test('and fetches a file again that was spoiled on disk', async () => {
    await answers(at('a.gguf', { sha256 }))
    await call('write', 'a.gguf', SIZE / 2, 'spoiled')
    await answers(at('a.gguf', { sha256 }))
    assert.deepEqual(shelf.asked, ['GET', 'GET'])
    await answers(at('a.gguf', { sha256 }))
    assert.equal(shelf.asked.length, 2)
  })

  test('also what the package brought', async () => {
    await call('downloadByPackage', '/shelf/a.gguf')
    await answers(at('a.gguf', { sha256 }))
    const brought = shelf.asked.length
    await call('write', 'a.gguf', SIZE / 2, 'spoiled')
    await answers(at('a.gguf', { sha256 }))
    assert.deepEqual(shelf.asked.slice(brought), ['GET'])
  })

  test('and announces a download when the registry has got another checksum', async () => {
    await answers(at('a.gguf', { sha256 }))
    const other = { 'a.gguf': createHash('sha256').update('other').digest('hex') }
    assert.equal(await call('status', at('a.gguf', { sha256: other })), 'absent')
    assert.equal(await call('missing', at('a.gguf', { sha256: other })), SIZE)
  })
})

test('a full disk leaves nothing of a file', async () => {
  await limitStorage(opened, 1_000_000)
  const { code } = await call<Loaded>('ask', at('a.gguf'), asked?.messages, 1)
  assert.equal(code, 'quota_exceeded')
  assert.deepEqual(await call('files'), [])
  await limitStorage(opened, 1_000_000_000)
  await answers(at('a.gguf'))
})
