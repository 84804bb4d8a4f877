/** The adapter, the real package and a real worker in Chromium, up to where a compiled model would be needed. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import type { ServerResponse } from 'node:http'
import { after, before, describe, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { deferred } from '../../src/engine/abort.ts'
import type { Harness, HarnessOptions } from '../browser/harness.ts'
import { startHarness } from '../browser/harness.ts'
import type { Outcome } from './pages/webllm-page.ts'

const path = (relative: string) => fileURLToPath(new URL(relative, import.meta.url))
const held = deferred<ServerResponse>()
const options: HarnessOptions = {
  bundles: {
    '/page.js': path('pages/webllm-page.ts'),
    '/webllm-worker.js': path('../../src/engines/webllm/worker.ts'),
    '/webllm-worker-module.js': path('../../src/engines/webllm/worker-module.ts'),
  },
  dirs: { '/npm/': path('../../node_modules/') },
  files: {
    '/mlc/resolve/main/mlc-chat-config.json': '{"tokenizer_files":[]}',
    '/mlc/lib.wasm': Uint8Array.from([0, 97, 115, 109, 1, 0, 0, 0]),
  },
  routes: { '/held/resolve/main/mlc-chat-config.json': (_, response) => held.resolve(response) },
}

describe('webllm in Chromium with a software adapter', () => {
  let harness: Harness
  before(async () => {
    harness = await startHarness({ ...options, flags: ['--enable-unsafe-webgpu'] })
  })
  after(() => harness.close())

  const fails = async (...args: unknown[]) => {
    await using opened = await harness.open()
    return await opened.call<Outcome>('/page.js', 'loadFails', ...args)
  }

  test('a missing file', async () => {
    const error = await fails('/nowhere/', '/mlc/lib.wasm')
    assert.deepEqual([error.name, error.code], ['ModelLoadError', 'download_failed'], error.message)
  })

  test('a missing library', async () => {
    const error = await fails('/mlc/', '/mlc/nowhere.wasm')
    assert.deepEqual([error.name, error.code], ['ModelLoadError', 'download_failed'], error.message)
  })

  test('a library that does not link', async () => {
    const error = await fails('/mlc/', '/mlc/lib.wasm')
    assert.deepEqual([error.name, error.code], ['ModelLoadError', 'load_failed'], error.message)
  })

  test('a record without a library', async () => {
    await using opened = await harness.open()
    const error = await opened.call<Outcome>('/page.js', 'loadWithoutLibrary')
    assert.equal(error.name, 'ModelLoadError', error.message)
    assert.equal(error.code, 'model_not_found', error.message)
  })

  test('a page without a bundler: worker and package by URL', async () => {
    const moduleURL = '/npm/@mlc-ai/web-llm/lib/index.js'
    const error = await fails('/mlc/', '/mlc/lib.wasm', { workerURL: '/webllm-worker-module.js', moduleURL })
    assert.equal(error.code, 'load_failed', error.message)
    assert.ok(harness.server.requests.includes(moduleURL))
  })

  test('a package that is not there', async () => {
    const error = await fails('/mlc/', '/mlc/lib.wasm', {
      workerURL: '/webllm-worker-module.js',
      moduleURL: '/npm/no.js',
    })
    assert.equal(error.name, 'EngineNotInstalledError')
  })

  test('a worker script that is not there', async () => {
    const moduleURL = '/npm/@mlc-ai/web-llm/lib/index.js'
    const error = await fails('/mlc/', '/mlc/lib.wasm', { workerURL: '/no-worker.js', moduleURL })
    assert.deepEqual([error.name, error.code], ['EngineError', 'worker_failed'])
  })

  test('an aborted load closes its connections', async () => {
    await using opened = await harness.open()
    await opened.call('/page.js', 'startLoad', '/held/')
    const closed = once(await held.promise, 'close')
    const error = await opened.call<Outcome>('/page.js', 'abortLoad')
    assert.deepEqual([error.name, error.message], ['AbortError', 'not now'])
    await closed
  })

  test('nothing stored is absent', async () => {
    await using opened = await harness.open()
    assert.equal(await opened.call('/page.js', 'status', '/mlc/'), 'absent')
  })

  test('a crash of the GPU process is a loss', async () => {
    await using opened = await harness.open()
    assert.equal(await opened.call('/page.js', 'speak'), 'it works')
    const loss = opened.call<Outcome>('/page.js', 'waitForLoss')
    const session = await harness.browser.newBrowserCDPSession()
    // The command takes its own connection down with it.
    session.send('Browser.crashGpuProcess').catch(() => {})
    assert.equal((await loss).name, 'EngineLostError')
  })
})

describe('webllm in Chromium without an adapter', () => {
  let harness: Harness
  before(async () => {
    harness = await startHarness(options)
  })
  after(() => harness.close())

  test('nothing is downloaded', async () => {
    await using opened = await harness.open()
    const error = await opened.call<Outcome>('/page.js', 'loadFails', '/mlc/', '/mlc/lib.wasm')
    assert.deepEqual([error.name, error.code], ['ModelLoadError', 'no_webgpu'])
    assert.deepEqual(harness.server.requests, ['/', '/page.js'])
  })
})
