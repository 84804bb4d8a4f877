/** The seal: what a worker with a resident model can still reach, and that the engines answer behind it. */
import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { after, before, describe, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import type { TestPage } from '../browser/harness.ts'
import { type EngineFiles, makeEngineFiles } from './engine-files.ts'
import { type LeakHarness, leaks, startLeakHarness, until } from './leak-harness.ts'

const PAGE = '/page.js'
const path = (relative: string) => fileURLToPath(new URL(relative, import.meta.url))

/** The ways of `leak-seal-worker`. */
const HERE = [
  ...['fetch', 'fetch by the prototype', 'XMLHttpRequest', 'an earlier XMLHttpRequest', 'WebSocket', 'EventSource'],
  ...['importScripts', 'Cache', 'Cache of several', 'FontFace', 'a worker'],
]
const ELSEWHERE = ['fetch elsewhere', 'WebTransport']
/** What no script can forbid. */
const UNFORBIDDEN = ['import', 'a kept fetch']

describe('a worker with a resident model', () => {
  let files: EngineFiles
  let run: LeakHarness
  let opened: TestPage
  before(async () => {
    files = await makeEngineFiles()
    run = await startLeakHarness({
      flags: ['--enable-unsafe-webgpu'],
      bundles: {
        [PAGE]: path('pages/leak-seal-page.ts'),
        '/seal-worker.js': path('pages/leak-seal-worker.ts'),
        '/leak-worker.js': path('pages/leak-worker.ts'),
        ...files.bundles,
      },
      dirs: files.dirs,
      routes: { '/leak': (request, response) => void request.on('end', () => response.end()) },
    })
    opened = await run.harness.open()
  })
  after(async () => {
    await opened[Symbol.asyncDispose]()
    await run[Symbol.asyncDispose]()
    await files[Symbol.asyncDispose]()
  })

  // First: a browser may ask again, later, for what it was once sent for.
  test('can send nothing', async () => {
    await opened.call(PAGE, 'start', true)
    const arrived = run.arrivals.length
    for (const way of [...HERE, ...ELSEWHERE]) {
      assert.equal(await opened.call(PAGE, 'tryIn', { way, text: 'canary7q9x' }), 'NotAllowedError', way)
    }
    assert.equal(run.arrivals.length, arrived)
    assert.deepEqual(run.caught, [])
  })

  test('was able to send anything before', async () => {
    await opened.call(PAGE, 'start', false)
    for (const [at, way] of HERE.entries()) {
      const text = `canary7q9x${at}z`
      // Some wait for an answer that means something to them.
      void opened.call(PAGE, 'tryIn', { way, text }).catch(() => {})
      await until(() => leaks(run.arrivals, [text]).length > 0, way)
    }
    for (const way of ELSEWHERE) {
      const before = run.caught.length
      void opened.call(PAGE, 'tryIn', { way, text: 'canary7q9x' }).catch(() => {})
      await until(() => run.caught.length > before, way)
    }
  })

  for (const [at, way] of UNFORBIDDEN.entries()) {
    test(`still has ${way}`, async () => {
      const text = `canary7q9x-still-${at}z`
      await opened.call(PAGE, 'start', true)
      void opened.call(PAGE, 'tryIn', { way, text }).catch(() => {})
      await until(() => run.caught.some((first) => first.includes(text)), way)
    })
  }

  test('has not even these under the policy that PRIVACY.md publishes', async () => {
    const headers = { 'content-security-policy': await publishedPolicy() }
    await using strict = await startLeakHarness({ ...run.harness.server.options, headers })
    await using page = await strict.harness.open()
    await page.call(PAGE, 'start', true)
    for (const way of UNFORBIDDEN) {
      assert.equal(await page.call(PAGE, 'tryIn', { way, text: 'canary7q9x' }), 'TypeError', way)
    }
    assert.deepEqual(strict.caught, [])
  })

  for (const engine of ['transformers', 'onnx', 'webllm']) {
    test(`answers, and has no network: ${engine}`, async () => {
      await using fresh = await run.harness.open()
      await fresh.call(PAGE, 'load', engine)
      const [worker] = fresh.page.workers()
      const sent = await worker?.evaluate(() => fetch('/leak').then(String, (error: Error) => error.name))
      assert.equal(sent, 'NotAllowedError')
      for (let i = 0; i < 2; i++) assert.equal(await fresh.call(PAGE, 'answer'), 'Hello! How can I help you?')
      await fresh.call(PAGE, 'unload')
    })
  }

  test('takes nothing from the page: wllama, whose worker is its own', async () => {
    await using fresh = await run.harness.open()
    await fresh.call(PAGE, 'load', 'wllama')
    assert.equal(await fresh.page.evaluate(async () => (await fetch('/leak')).ok), true)
    assert.equal(await fresh.call(PAGE, 'answer'), 'Hello! How can I help you?')
    await fresh.call(PAGE, 'unload')
  })
})

async function publishedPolicy(): Promise<string> {
  const page = await readFile(path('../../PRIVACY.md'), 'utf8')
  const [, policy] = /^Content-Security-Policy: (.+)$/m.exec(page) ?? []
  if (!policy) throw new Error('the policy is gone')
  return policy
}
