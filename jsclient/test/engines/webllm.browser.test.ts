/** The adapter and the real package in Chromium, with real files, up to where a compiled model would be needed. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import type { ServerResponse } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { deferred } from '../../src/engine/abort.ts'
import type { LoadProgress } from '../../src/engine/engine.ts'
import { crashGPU, limitStorage } from '../browser/faults.ts'
import type { Harness, TestPage } from '../browser/harness.ts'
import { startHarness } from '../browser/harness.ts'
import { faultyFiles } from './faulty-files.ts'
import type { Attempt, Death, Outcome } from './pages/webllm-page.ts'
import { testConformance } from './steps.ts'
import { SHARD_BYTES, writeModel } from './webllm-files.ts'

const path = (relative: string) => fileURLToPath(new URL(relative, import.meta.url))
const held = deferred<ServerResponse>()
let harness: Harness
let root: string
let checksums: Record<string, string>
let spoiling = { file: '', fault: 'none' }
before(async () => {
  root = await mkdtemp(join(tmpdir(), 'webllm-'))
  checksums = await writeModel(root)
  harness = await startHarness({
    flags: ['--enable-unsafe-webgpu'],
    bundles: {
      '/page.js': path('pages/webllm-page.ts'),
      '/scripted-worker.js': path('pages/webllm-scripted-worker.ts'),
      '/worker.js': path('../../src/engines/webllm/worker.ts'),
      '/worker-module.js': path('../../src/engines/webllm/worker-module.ts'),
    },
    dirs: { '/models/': `${root}/`, '/npm/': path('../../node_modules/') },
    routes: {
      '/held/resolve/main/mlc-chat-config.json': (_, response) => held.resolve(response),
      '/spoiled/': (request, response) => {
        const { file, fault } = spoiling
        const spoiled = request.url?.endsWith(file) ? fault : 'none'
        // What was broken is fetched anew, whatever the HTTP cache may keep.
        response.setHeader('cache-control', 'max-age=3600')
        request.url = request.url?.replace('/spoiled/', `/faulty/${spoiled}/`)
        return faultyFiles(root, /./)['/faulty/']?.(request, response)
      },
    },
  })
})
after(async () => {
  await harness.close()
  await rm(root, { recursive: true })
})

/** Requests for the files of models so far. */
const downloads = () => harness.server.requests.filter((asked) => /^\/(models|spoiled|nowhere)\//.test(asked)).length

/** A page with what the checks need. */
async function open(): Promise<TestPage> {
  const opened = await harness.open()
  await opened.context.exposeFunction('countDownloads', downloads)
  await opened.context.exposeFunction('spoil', (file: string, fault: string) => {
    spoiling = { file, fault }
  })
  await opened.context.exposeFunction('limitStorage', (bytes: number) => limitStorage(opened, bytes))
  await opened.context.exposeFunction('crashGPU', () => crashGPU(harness.browser))
  await opened.page.reload()
  return opened
}

for (const [part, what] of [
  ['worker', "over the package's CreateWebWorkerMLCEngine"],
  ['pipeline', "in the package's MLCEngine, with real files"],
]) {
  describe(`conforms ${what}`, () => testConformance(open, (name) => [part, name, checksums]))
}

/** Attempts in one page; what it stored is gone afterwards. */
async function attempt(how: Attempt): Promise<Outcome> {
  await using opened = await open()
  return await opened.call<Outcome>('/page.js', 'attempt', how)
}

describe('the real worker', () => {
  test('goes as far as the files lead', async () => {
    const error = await attempt({})
    assert.deepEqual([error.name, error.code], ['ModelLoadError', 'load_failed'])
    assert.match(error.message, /reading 'getFunction'/)
  })

  test('needs no bundler: worker and package by URL', async () => {
    const error = await attempt({ as: 'url' })
    assert.match(error.message, /reading 'getFunction'/)
    assert.ok(harness.server.requests.includes('/npm/@mlc-ai/web-llm/lib/index.js'))
  })

  test('a package that is not there', async () => {
    const error = await attempt({ as: 'url', options: { moduleURL: '/npm/no.js' } })
    assert.deepEqual([error.name, error.code], ['EngineNotInstalledError', 'not_installed'])
  })

  test('a worker script that is not there', async () => {
    const error = await attempt({ as: 'url', options: { workerURL: '/no-worker.js' } })
    assert.deepEqual([error.name, error.code], ['EngineError', 'worker_failed'])
  })

  test('a record without a library', async () => {
    const record = { model: '/models/tiny/', model_id: 'Tiny-q4f32_1-MLC' } as never
    const error = await attempt({
      model: { source: { modelId: 'Tiny-q4f32_1-MLC' } },
      options: { appConfig: { model_list: [record] } },
    })
    assert.deepEqual([error.name, error.code], ['ModelLoadError', 'model_not_found'], error.message)
  })

  test('public hosts are not used unless one says so', async () => {
    const error = await attempt({ model: { source: { modelId: 'SmolLM2-360M-Instruct-q4f32_1-MLC' } } })
    assert.deepEqual([error.code, /"peer-default"/.test(error.message)], ['misconfigured', true], error.message)
  })

  test('an aborted load closes its connections', async () => {
    await using opened = await open()
    await opened.call('/page.js', 'startLoad', '/held/')
    const closed = once(await held.promise, 'close')
    const error = await opened.call<Outcome>('/page.js', 'abortLoad')
    assert.deepEqual([error.name, error.message], ['AbortError', 'not now'])
    await closed
  })
})

describe('what WebLLM has stored', () => {
  const config = '/models/tiny/resolve/main/mlc-chat-config.json'
  const library = '/models/tiny/lib.wasm'
  const html = '<!doctype html><title>App</title>'
  // A module that imports a function "none".
  const foreign = '\0asm\x01\0\0\0\x01\x04\x01\x60\0\0\x02\x0c\x01\x03env\x04none\0\0'

  const cases: [string, string, string, string][] = [
    ['a page of HTML for its config', 'webllm/config', config, html],
    ['a page of HTML for its library', 'webllm/wasm', library, html],
    ['a library of another release', 'webllm/wasm', library, foreign],
  ]
  for (const [name, cache, url, content] of cases) {
    test(`before us, ${name}, fails one load and not the next`, async () => {
      await using opened = await open()
      await opened.call('/page.js', 'store', cache, url, content)
      const error = await opened.call<Outcome>('/page.js', 'attempt', { as: 'pipeline' })
      assert.deepEqual([error.name, error.code], ['ModelLoadError', 'invalid_files'], error.message)
      const again = await opened.call<Outcome>('/page.js', 'attempt', { as: 'pipeline' })
      assert.equal(again.name, 'none', again.message)
    })
  }

  test('counts: a first load all bytes, one that goes on those that are missing, one from disk none', async () => {
    await using opened = await open()
    const load = () => opened.call<LoadProgress[]>('/page.js', 'progressOf', { as: 'pipeline' })
    const last = async () => (await load()).findLast((report) => report.loadedBytes !== undefined)
    const whole = await last()
    assert.ok((whole?.totalBytes ?? 0) > 2 * SHARD_BYTES, `${whole?.totalBytes} bytes`)
    assert.equal(whole?.loadedBytes, whole?.totalBytes)
    await opened.call('/page.js', 'discard', '/models/tiny/resolve/main/params_shard_0.bin')
    assert.partialDeepStrictEqual(await last(), { loadedBytes: SHARD_BYTES, totalBytes: SHARD_BYTES })
    assert.ok((await load()).every((report) => report.stage === 'load' && report.loadedBytes === undefined))
  })

  for (const cacheBackend of ['indexeddb', 'opfs'] as const) {
    test(`in ${cacheBackend} is found and checked as well`, async () => {
      await using opened = await open()
      const how: Attempt = { as: 'pipeline', options: { appConfig: { cacheBackend } } }
      assert.equal(await opened.call('/page.js', 'status', how), 'absent')
      spoiling = { file: 'tokenizer.json', fault: 'html' }
      const error = await opened.call<Outcome>('/page.js', 'attempt', { ...how, path: '/spoiled/tiny/' })
      assert.equal(error.code, 'invalid_files', error.message)
      const loaded = await opened.call<Outcome>('/page.js', 'attempt', how)
      assert.equal(loaded.name, 'none', loaded.message)
      assert.equal(await opened.call('/page.js', 'status', how), 'cached')
    })
  }
})

describe('in the middle of an answer', () => {
  for (const [how, what] of [
    ['throw', 'the worker throws'],
    ['close', 'the worker is killed'],
    ['gpu', 'the GPU process crashes'],
  ]) {
    test(`${what}: a typed error, a loss, and the engine loads again`, async () => {
      await using opened = await open()
      const { during, lost, again } = await opened.call<Death>('/page.js', 'die', how)
      assert.equal(during.code, 'lost', during.message)
      assert.equal(lost.name, 'EngineLostError')
      assert.equal(again.tokens, 20)
    })
  }

  test('the tab is hidden and frozen, which is no stall', async () => {
    await using opened = await open()
    const session = await opened.context.newCDPSession(opened.page)
    await opened.call('/page.js', 'startSlowly', 500)
    await session.send('Page.setWebLifecycleState', { state: 'frozen' })
    await new Promise((resolve) => setTimeout(resolve, 2_000))
    await session.send('Page.setWebLifecycleState', { state: 'active' })
    assert.equal(await opened.call('/page.js', 'endOfSlow'), true)
  })
})

test('without a GPU adapter nothing is downloaded but the worker', async () => {
  const bare = await startHarness({ ...harness.server.options, files: harness.server.options.files ?? {} })
  try {
    await using opened = await bare.open()
    const error = await opened.call<Outcome>('/page.js', 'attempt', { as: 'url' })
    assert.deepEqual([error.name, error.code], ['ModelLoadError', 'no_webgpu'])
    assert.deepEqual(bare.server.requests, ['/', '/page.js', '/worker-module.js'])
  } finally {
    await bare.close()
  }
})
