/** What goes wrong in the field: each failure has a name, and the same engine works again afterwards. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import type { ServerResponse } from 'node:http'
import { after, before, describe, test } from 'node:test'
import type { Deferred } from '../../src/engine/abort.ts'
import { deferred } from '../../src/engine/abort.ts'
import { HIDEABLE, limitStorage, openHideable } from '../browser/faults.ts'
import type { Harness, TestPage } from '../browser/harness.ts'
import { openIn } from '../browser/harness.ts'
import type { Fault } from './faulty-files.ts'
import type { Load, Outcome } from './pages/transformers-page.ts'
import { reference } from './reference.ts'
import { PAGE, startTransformersHarness, tinyFile } from './transformers-harness.ts'

const GRAPH = 'onnx/model_quantized.onnx'
const ORT = 'ort-wasm-simd-threaded'

describe('transformers fails with names', () => {
  let harness: Harness
  let held: Deferred<ServerResponse> = deferred()
  before(async () => {
    const config = JSON.parse((await tinyFile('config.json')).toString())
    const split = { ...config, 'transformers.js_config': { use_external_data_format: true } }
    harness = await startTransformersHarness({
      flags: [...HIDEABLE, '--host-resolver-rules=MAP insecure.test 127.0.0.1'],
      routes: {
        '/models/held/': (_, response) => held.resolve(response),
        /** A model with weights beside the graph, which are not there, or break off. */
        async '/models/split/'(request, response) {
          const file = (request.url ?? '').replace(/^\/models\/split\/\w+\//, '')
          if (file === 'config.json') return void response.end(JSON.stringify(split))
          if (!file.endsWith('_data')) return void response.end(await tinyFile(file))
          if (request.url?.includes('/missing/')) return void response.writeHead(404).end()
          response.writeHead(200, { 'content-length': 1000 })
          response.write('half', () => response.destroy())
        },
      },
    })
  })
  after(() => harness.close())

  const open = async (...options: unknown[]): Promise<TestPage> => {
    const opened = await harness.open()
    await opened.call(PAGE, 'make', ...options)
    return opened
  }
  const attempt = ({ call }: TestPage, ...args: unknown[]) => call<Outcome>(PAGE, 'attempt', ...args)
  const cached = ({ call }: TestPage) => call<string[]>(PAGE, 'cachedFiles')
  const mend = ({ page }: TestPage, folder: string) => page.evaluate((url) => fetch(url), `/mend/${folder}`)
  const works = async (opened: TestPage, ...args: unknown[]) => {
    const { name, message } = await attempt(opened, ...args)
    assert.equal(name, 'none', message)
  }

  describe('what the server does', () => {
    const cases: [string, Partial<Record<Fault, string>>][] = [
      ['tokenizer', { missing: 'model_not_found', html: 'invalid_files', truncated: 'invalid_files' }],
      ['tokenizer', { cut: 'download_failed', corrupted: 'invalid_files', failing: 'download_failed' }],
      ['config', { missing: 'model_not_found', html: 'invalid_files', truncated: 'invalid_files' }],
      ['config', { cut: 'download_failed', corrupted: 'invalid_files', failing: 'download_failed' }],
      // A model may do without it, but must not be taken for another one.
      ['generation', { truncated: 'invalid_files', cut: 'download_failed', failing: 'download_failed' }],
    ]
    for (const [file, faults] of cases) {
      test(`${file}: ${Object.keys(faults)}`, async () => {
        await using opened = await open('bundled', { modelBaseURL: '/faulty/' })
        for (const [fault, code] of Object.entries(faults)) {
          const folder = `${file}-${fault}`
          const model = { source: { modelId: `${folder}/edgewise-tiny-v1` } }
          const failed = await attempt(opened, model)
          assert.deepEqual([failed.name, failed.code], ['ModelLoadError', code], `${folder}: ${failed.message}`)
          await mend(opened, folder)
          await works(opened, model)
        }
      })
    }

    for (const [folder, code] of [
      ['runtime-truncated', 'invalid_files'],
      ['runtime-html', 'misconfigured'],
      ['runtime-cut', 'download_failed'],
      ['loader-truncated', 'invalid_files'],
      ['loader-missing', 'misconfigured'],
    ] as const) {
      test(`ONNX Runtime's own files: ${folder}`, async () => {
        const wasmPaths = { mjs: `/faulty/${folder}/${ORT}.mjs`, wasm: `/faulty/${folder}/${ORT}.wasm` }
        await using opened = await open('bundled', { wasmPaths })
        const failed = await attempt(opened)
        assert.deepEqual([failed.name, failed.code], ['ModelLoadError', code], failed.message)
        assert.ok(
          (await cached(opened)).some((file) => file.endsWith(GRAPH)),
          'the model is not to blame',
        )
        await mend(opened, folder)
        await works(opened)
      })
    }

    test('weights beside the graph that can not be had', async () => {
      await using opened = await open()
      for (const [fault, code] of [
        ['missing', 'model_not_found'],
        ['cut', 'download_failed'],
      ]) {
        const failed = await attempt(opened, { source: { modelId: `split/${fault}` } })
        assert.deepEqual([failed.name, failed.code], ['ModelLoadError', code], failed.message)
      }
      await works(opened)
    })

    test('a file that was broken in the cache before is fetched again', async () => {
      await using opened = await open()
      await opened.page.evaluate(async (url) => {
        const cache = await caches.open('transformers-cache')
        await cache.put(url, new Response('<!doctype html>', { headers: { 'content-type': 'text/html' } }))
      }, `/models/edgewise-tiny-v1/${GRAPH}`)
      const failed = await attempt(opened)
      assert.deepEqual([failed.name, failed.code], ['ModelLoadError', 'invalid_files'], failed.message)
      await works(opened)
    })
  })

  describe('checksums', () => {
    const digest = async (algorithm: string) =>
      Buffer.from(await crypto.subtle.digest(algorithm, new Uint8Array(await tinyFile(GRAPH))))

    test('of the entry are held against the files', async () => {
      await using opened = await open()
      const wrong = { sha256: { [GRAPH]: '0'.repeat(64) } }
      const failed = await attempt(opened, wrong)
      assert.deepEqual([failed.name, failed.code], ['ModelLoadError', 'invalid_files'], failed.message)
      assert.ok(!(await cached(opened)).some((file) => file.endsWith(GRAPH)), 'it is not kept')
      const right = {
        sha256: { [GRAPH]: (await digest('SHA-256')).toString('hex') },
        integrity: { [GRAPH]: `sha384-${(await digest('SHA-384')).toString('base64')}` },
      }
      await works(opened, right)
      assert.equal(await opened.call(PAGE, 'status', right), 'cached')
      harness.server.requests.length = 0
      await works(opened, right)
      assert.ok(!harness.server.requests.some((request) => request.includes(GRAPH)), 'it is kept')
    })

    test('are held against what is in the cache already', async () => {
      await using opened = await open()
      await works(opened)
      assert.equal(await opened.call(PAGE, 'status'), 'cached')
      const wrong = { integrity: { 'model_quantized.onnx': `sha512-${'A'.repeat(86)}==` } }
      assert.equal(await opened.call(PAGE, 'status', wrong), 'cached', 'nobody looked yet')
      const failed = await attempt(opened, wrong)
      assert.deepEqual([failed.name, failed.code], ['ModelLoadError', 'invalid_files'], failed.message)
      await works(opened)
    })
  })

  test('a store that is full', async () => {
    await using opened = await open()
    await limitStorage(opened, 1_000_000)
    const failed = await attempt(opened)
    assert.deepEqual([failed.name, failed.code], ['ModelLoadError', 'quota_exceeded'], failed.message)
    assert.deepEqual(await cached(opened), [], 'half a model only takes space')
    await limitStorage(opened)
    await works(opened)
    assert.equal(await opened.call(PAGE, 'status'), 'cached')
  })

  test('an origin that is not secure, before a byte is downloaded', async () => {
    const origin = harness.server.origin.replace('127.0.0.1', 'insecure.test')
    await using opened = await openIn(await harness.browser.newContext(), origin)
    await opened.call(PAGE, 'make')
    assert.equal(await opened.call(PAGE, 'obstacle'), 'insecure_context')
    assert.equal(await opened.call(PAGE, 'status'), 'absent')
    harness.server.requests.length = 0
    const failed = await attempt(opened)
    assert.deepEqual([failed.code, /https/.test(failed.message)], ['insecure_context', true])
    assert.deepEqual(harness.server.requests, [])
  })

  test('WebGPU without an adapter, before a byte is downloaded', async () => {
    await using opened = await open()
    harness.server.requests.length = 0
    const failed = await attempt(opened, { source: { device: 'webgpu' } })
    assert.deepEqual([failed.name, failed.code], ['ModelLoadError', 'no_webgpu'], failed.message)
    assert.ok(!harness.server.requests.some((request) => request.startsWith('/models/')))
    await works(opened)
  })

  for (const [what, over, name, code] of [
    ['a package that is not there', { moduleURL: '/npm/no.js' }, 'EngineNotInstalledError', 'not_installed'],
    ['a worker script that is not there', { workerURL: '/no-worker.js' }, 'EngineError', 'worker_failed'],
  ] as const) {
    test(what, async () => {
      await using opened = await open('url', over)
      const failed = await attempt(opened)
      assert.deepEqual([failed.name, failed.code], [name, code], failed.message)
    })
  }

  test('nothing comes from a CDN or a hub unasked', async () => {
    for (const option of ['wasmPaths', 'modelBaseURL']) {
      await using opened = await open('bundled', {}, [option])
      const { code, message } = await attempt(opened)
      assert.deepEqual([code, message.includes(`pass ${option}`)], ['misconfigured', true], message)
    }
  })

  test('a prompt that is too long', async () => {
    await using opened = await open()
    const content = 'word '.repeat(600)
    const failed = await attempt(opened, {}, { messages: [{ role: 'user', content }] })
    assert.deepEqual([failed.name, failed.code], ['EngineError', 'context_length_exceeded'], failed.message)
    await works(opened)
  })

  describe('a worker that dies', () => {
    const { messages, maxTokens } = reference('count-60')

    test('while nothing is asked of it', async () => {
      await using opened = await open()
      await opened.call<Load>(PAGE, 'load')
      await opened.call(PAGE, 'kill')
      const lost = await opened.call<Outcome>(PAGE, 'lost')
      assert.deepEqual([lost.name, lost.code], ['EngineLostError', 'lost'], lost.message)
      await works(opened)
    })

    for (const next of ['trap', 'close'] as const) {
      test(`in the middle of an answer: ${next}`, async () => {
        await using opened = await open()
        await opened.call<Load>(PAGE, 'load')
        await opened.call(PAGE, 'order', { paceMs: 20 })
        await opened.call(PAGE, 'startAnswer', messages, maxTokens)
        await opened.call(PAGE, 'order', { next })
        const failed = await opened.call<Outcome>(PAGE, 'endAnswer')
        assert.deepEqual([failed.name, failed.code], ['EngineLostError', 'lost'], failed.message)
        const lost = await opened.call<Outcome>(PAGE, 'lost')
        assert.equal(lost.message, failed.message)
        await works(opened)
      })
    }
  })

  test('a worker that hangs is ended', async () => {
    const { messages, maxTokens } = reference('count-60')
    await using opened = await open('bundled', { stallMs: 2000 })
    await opened.call<Load>(PAGE, 'load')
    await opened.call(PAGE, 'order', { paceMs: 10 })
    await opened.call(PAGE, 'startAnswer', messages, maxTokens)
    await opened.call(PAGE, 'order', { next: 'hang' })
    const failed = await opened.call<Outcome>(PAGE, 'endAnswer')
    assert.deepEqual([failed.name, failed.code], ['EngineError', 'stalled'], failed.message)
    const lost = await opened.call<Outcome>(PAGE, 'lost')
    assert.equal(lost.code, 'lost')
    await works(opened)
  })

  test('an aborted load closes its connections and ends its worker', async () => {
    held = deferred()
    await using opened = await open()
    await opened.call(PAGE, 'startLoad', { source: { modelId: 'held' } })
    const closed = once(await held.promise, 'close')
    assert.deepEqual(await opened.call(PAGE, 'abortLoad'), ['AbortError: not now', 0])
    await closed
    await works(opened)
  })

  test('a page that is hidden or frozen is answered, and nobody is blamed for the time', async () => {
    const { messages, maxTokens, text } = reference('count-60')
    const stallMs = 2000
    await using opened = await openHideable(harness)
    await opened.call(PAGE, 'make', 'bundled', { stallMs })
    await opened.call<Load>(PAGE, 'load')
    await opened.call(PAGE, 'order', { paceMs: 5 })

    await opened.call(PAGE, 'startAnswer', messages, maxTokens)
    await opened.hide()
    assert.equal(await opened.call(PAGE, 'endAnswer'), text, 'hidden')

    await opened.call(PAGE, 'startAnswer', messages, maxTokens)
    await opened.freeze()
    // Longer than the watchdog waits, and than it takes a late timer for a late one.
    await new Promise((resolve) => setTimeout(resolve, stallMs + 1500))
    await opened.thaw()
    await opened.show()
    assert.equal(await opened.call(PAGE, 'endAnswer'), text, 'frozen')
  })
})
