/** What the WebLLM adapter keeps on the device, in Chromium: sizes, versions, whose it is, and whether it is still whole. */
import assert from 'node:assert/strict'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, beforeEach, describe, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { deferred } from '../../src/engine/abort.ts'
import type { LoadProgress } from '../../src/engine/engine.ts'
import type { Harness, TestPage } from '../browser/harness.ts'
import { openIn, startHarness } from '../browser/harness.ts'
import type { Wish } from './pages/webllm-store-page.ts'
import { SHARD_BYTES, writeModel } from './webllm-files.ts'

const PAGE = '/store-page.js'
const MAIN = 'tiny/resolve/main/'
const FILES = [
  'tiny/lib.wasm',
  ...['mlc-chat-config.json', 'params_shard_0.bin', 'params_shard_1.bin', 'tensor-cache.json', 'tokenizer.json'].map(
    (name) => MAIN + name,
  ),
]
const path = (relative: string) => fileURLToPath(new URL(relative, import.meta.url))

let root: string
let sha256: Record<string, string>
let size: number
/** What was fetched, without its folder. */
let fetched: string[] = []
let held: ReturnType<typeof deferred<void>> | undefined
let harness: Harness
let opened: TestPage
before(async () => {
  root = await mkdtemp(join(tmpdir(), 'webllm-store-'))
  sha256 = await writeModel(root)
  size = (await Promise.all(FILES.map((file) => readFile(join(root, file))))).reduce(
    (sum, file) => sum + file.length,
    0,
  )
  harness = await startHarness({
    flags: ['--enable-unsafe-webgpu'],
    bundles: {
      [PAGE]: path('pages/webllm-store-page.ts'),
      '/scripted-worker.js': path('pages/webllm-scripted-worker.ts'),
    },
    routes: {
      /** `/files/{folder}/{path}`: the same files in every folder. */
      async '/files/'({ method, url = '' }, response) {
        const file = url.replace(/^\/files\/[^/]+\//, '')
        const bytes = await readFile(join(root, file))
        response.setHeader('content-length', bytes.length)
        if (method === 'HEAD') return void response.end()
        fetched.push(file)
        if (!held || !file.endsWith('shard_1.bin')) return void response.end(bytes)
        response.write(bytes.subarray(0, SHARD_BYTES / 2), () => held?.resolve())
      },
    },
  })
})
after(async () => {
  await harness.close()
  await rm(root, { recursive: true })
})
beforeEach(async (t) => {
  opened = await harness.open()
  fetched = []
  held = undefined
  if ('after' in t) t.after(() => opened[Symbol.asyncDispose]())
})

const call = <T>(name: string, ...args: unknown[]) => opened.call<T>(PAGE, name, ...args)

/** Loads, and tells what was fetched for it. */
async function loads(wish: Wish = {}): Promise<string[]> {
  fetched = []
  assert.equal(await call('say', wish), 'it works')
  return fetched.sort()
}

const under = (folder: string, files = FILES) => files.map((file) => `/files/${folder}/${file}`)

describe('the store of WebLLM', () => {
  test('says what is missing and what is there, by headers and lists', async () => {
    assert.deepEqual([await call('missing'), await call('stored')], [size, 0])
    assert.deepEqual(fetched.sort(), [`${MAIN}mlc-chat-config.json`, `${MAIN}tensor-cache.json`])
    assert.deepEqual(await loads(), FILES)
    fetched = []
    assert.deepEqual([await call('missing'), await call('stored')], [0, size])
    assert.deepEqual(fetched, [])
  })

  test('can not say it of models that only the package knows, and is only there for the Cache API', async () => {
    assert.equal((await call('missingOfPackage')) ?? null, null)
    const found = ['cache', 'indexeddb', 'opfs'].map((backend) => call('hasStoreIn', backend))
    assert.deepEqual(await Promise.all(found), [true, false, false])
  })

  test('removes a model, and nothing of anybody else', async () => {
    await loads()
    await loads({ id: 'other', folder: 'v2' })
    await call('putOwn', `/files/v1/${MAIN}own.bin`)
    for (const _ of ['once', 'again']) await call('remove')
    const own = Array(3).fill(`/files/v1/${MAIN}own.bin`)
    assert.deepEqual(await call('paths'), [...own, ...under('v2')])
    assert.deepEqual([await call('stored'), await call('stored', { id: 'other', folder: 'v2' })], [0, size])
    assert.deepEqual(await loads({ id: 'other', folder: 'v2' }), [])
    assert.deepEqual(await loads(), FILES)
  })

  test('keeps files that two models have until both are removed', async () => {
    await loads()
    assert.deepEqual(await loads({ id: 'other' }), [])
    await call('remove')
    assert.deepEqual([await call('stored'), await call('stored', { id: 'other' })], [0, size])
    assert.deepEqual(await loads({ id: 'other' }), [])
    await call('remove', { id: 'other' })
    assert.deepEqual(await call('paths'), [])
  })

  test('removes what earlier versions left', async () => {
    await loads()
    await loads({ folder: 'v2' })
    assert.equal(await call('stored', { folder: 'v2' }), 2 * size)
    await call('removeOld', { folder: 'v2' })
    assert.deepEqual(await call('paths'), under('v2'))
    assert.equal(await call('status', { folder: 'v2' }), 'cached')
  })
})

describe('WebLLM gets what was spoiled on disk again, in the same load', () => {
  for (const file of ['tiny/lib.wasm', `${MAIN}mlc-chat-config.json`, `${MAIN}params_shard_1.bin`]) {
    test(file.slice(5), async () => {
      // Stored before the registry had checksums, or with them.
      for (const before of [{}, { sha256 }]) {
        await loads(before)
        await call('corrupt', `/files/v1/${file}`)
        assert.deepEqual(await loads({ sha256 }), [file])
        assert.deepEqual(await loads({ sha256 }), [])
      }
    })
  }

  test('and announces a download when the registry has got another checksum', async () => {
    await loads({ sha256 })
    const other = { ...sha256, 'params_shard_0.bin': '0'.repeat(64) }
    assert.equal(await call('status', { sha256: other }), 'absent')
    assert.equal(await call('missing', { sha256: other }), SHARD_BYTES)
  })
})

describe('WebLLM goes on with the file that it lacks', () => {
  const begin = async () => {
    held = deferred<void>()
    const saying = call<string>('say')
    saying.catch(() => {})
    await held.promise
    held = undefined
    return { saying }
  }
  const goesOn = async () => {
    assert.deepEqual([await call('missing'), await call('stored')], [SHARD_BYTES, size - SHARD_BYTES])
    assert.equal(await call('status'), 'absent')
    const bytes = await call<LoadProgress>('bytesOf')
    assert.partialDeepStrictEqual(bytes, { loadedBytes: SHARD_BYTES, totalBytes: SHARD_BYTES })
    assert.deepEqual(await loads(), [])
  }

  test('after an abort', async () => {
    const { saying } = await begin()
    await call('abort')
    assert.match(await saying, /AbortError/)
    await goesOn()
  })

  test('after the tab was closed', async () => {
    await begin()
    await opened.page.close()
    opened = await openIn(opened.context, harness.server.origin)
    await goesOn()
  })
})
