/** The adapter, the real package and the tiny model in Chromium: files, faults, ends, and what a page must allow. */
import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import type { ServerResponse } from 'node:http'
import { after, before, describe, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { deferred } from '../../src/engine/abort.ts'
import type { ChatMessage } from '../../src/wire.ts'
import { HIDEABLE, openHideable } from '../browser/faults.ts'
import type { Harness, HarnessOptions } from '../browser/harness.ts'
import type { Answered, Load, Outcome } from './pages/wllama-page.ts'
import { prompts } from './reference.ts'
import { leaves, startWllamaHarness } from './wllama-harness.ts'

const PATH = '/models/edgewise-tiny-v1/edgewise-tiny-v1-q8_0.gguf'
const SIZE = 1_079_360
/** The least that a page must allow. */
const POLICY = "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; connect-src 'self'; worker-src blob:"

const user = (content: string): ChatMessage => ({ role: 'user', content })

/** The model with a key misspelt, in a file that is whole: only llama.cpp can tell. */
function misspelt(): Buffer {
  const file = Buffer.from(model)
  file.write('~', file.indexOf('.context_length'))
  return file
}

const model = readFileSync(new URL(`../../../examples/tinymodel/files${PATH.replace('/models', '')}`, import.meta.url))
let served: Buffer = model
const held = deferred<ServerResponse>()
let harness: Harness
before(async () => {
  harness = await startWllamaHarness({
    routes: {
      '/served.gguf': (_, response) => void response.end(served),
      '/long.gguf': (_, response) => {
        response.writeHead(200, { 'content-length': 2 ** 31 })
        response.write('GGUF')
      },
      '/held.gguf': (_, response) => {
        response.write('GGUF')
        held.resolve(response)
      },
    },
  })
})
after(() => harness.close())

const downloads = () => harness.server.requests.filter((request) => request.includes('.gguf'))

describe('wllama keeps files', () => {
  test('so that a first load counts bytes and a second one fetches none', async (t) => {
    await using opened = await harness.open()
    const first = await opened.call<Load>('/page.js', 'load', 'bundled')
    assert.deepEqual([first.before, first.after], ['absent', 'cached'])
    const last = first.progress.findLast((report) => report.stage === 'download')
    assert.deepEqual([last?.loadedBytes, last?.totalBytes], [SIZE, SIZE])
    const [whole] = downloads().splice(0)
    assert.equal(whole, PATH)
    harness.server.requests.length = 0
    await opened.page.reload()
    const second = await opened.call<Load>('/page.js', 'load', 'bundled')
    assert.deepEqual([second.before, second.after], ['cached', 'cached'])
    assert.ok(second.progress.every((report) => report.stage === 'load'))
    assert.deepEqual(downloads(), [])
    t.diagnostic(`first load ${first.loadMs} ms, second ${second.loadMs} ms`)
  })

  test('where the package finds them, and finds those that the package brought', async () => {
    await using ours = await harness.open()
    await ours.call('/page.js', 'load', 'bundled')
    assert.deepEqual(await ours.call('/page.js', 'modelsOfPackage'), [{ path: PATH, size: SIZE }])
    await using theirs = await harness.open()
    await theirs.call('/page.js', 'downloadByPackage')
    assert.equal(await theirs.call('/page.js', 'status'), 'cached')
  })

  test('and imports nothing to say where a model is', async () => {
    await using opened = await harness.open()
    await opened.page.goto(harness.server.origin)
    harness.server.requests.length = 0
    assert.equal(await opened.call('/page.js', 'status'), 'absent')
    assert.deepEqual(harness.server.requests, ['/page.js', '/peer.js'], "the page's own two modules")
  })

  test('and an aborted load closes its connection', async () => {
    await using opened = await harness.open()
    await opened.call('/page.js', 'startLoad', '/held.gguf')
    const closed = once(await held.promise, 'close')
    assert.equal(await opened.call('/page.js', 'abortLoad'), 'AbortError: not now')
    await closed
  })
})

describe('wllama fails with names', () => {
  const fails = async (...args: unknown[]) => {
    await using opened = await harness.open()
    const failure = await opened.call<Outcome>('/page.js', 'failure', ...args)
    assert.deepEqual(opened.errors, [])
    return failure
  }

  for (const [what, url] of Object.entries({ missing: '/no.wasm', 'a page of HTML': '/' })) {
    test(`when the wasm file is ${what}, before the model is fetched`, async () => {
      harness.server.requests.length = 0
      const error = await fails({ wasmURL: url })
      assert.deepEqual([error.code, error.message.includes(what)], ['misconfigured', true], error.message)
      assert.deepEqual(downloads(), [])
    })
  }

  test('when the wasm file is none', async () => {
    await using opened = await harness.open()
    const error = await opened.call<Outcome>('/page.js', 'failure', { wasmURL: '/page.js' })
    assert.deepEqual([error.name, error.code], ['ModelLoadError', 'worker_failed'], error.message)
    await leaves(opened, 0)
  })

  for (const missing of ["'wasm-unsafe-eval'", 'blob:']) {
    test(`when the page's policy lacks ${missing}`, async () => {
      const served = await startWllamaHarness({ headers: { 'content-security-policy': POLICY.replace(missing, '') } })
      try {
        const opened = await served.open()
        const error = await opened.call<Outcome>('/page.js', 'failure', {})
        assert.deepEqual([error.code, /CSP allows/.test(error.message)], ['worker_failed', true], error.message)
      } finally {
        await served.close()
      }
    })
  }

  test('when the package is not there', async () => {
    const error = await fails({ moduleURL: '/npm/no.js' })
    assert.deepEqual([error.name, error.code], ['EngineNotInstalledError', 'not_installed'], error.message)
  })

  test('when there is no WebGPU, before a byte is fetched', async () => {
    harness.server.requests.length = 0
    for (const args of [[{}, { requires: { gpu: 'webgpu' } }], [{ gpuLayers: 1 }]]) {
      const error = await fails(...args)
      assert.deepEqual([error.name, error.code], ['ModelLoadError', 'no_webgpu'], error.message)
    }
    assert.deepEqual(downloads(), [])
  })

  test('when the worker has no WebGPU though the page has', async () => {
    await using opened = await harness.open()
    const error = await opened.call<Outcome>('/page.js', 'failureOnGPU')
    assert.deepEqual([error.name, error.code], ['ModelLoadError', 'no_webgpu'], error.message)
  })

  test('when the memory does not suffice', async () => {
    const error = await fails({}, { contextWindow: 2 ** 30 })
    assert.deepEqual([error.name, error.code], ['ModelLoadError', 'out_of_memory'], error.message)
  })

  test('when options make no sense', async () => {
    for (const options of [{ wasmURL: '' }, { numThreads: 0 }, { gpuLayers: -1 }, { modelBaseURL: 'http://[' }]) {
      const error = await fails(options)
      assert.equal(error.code, 'misconfigured', error.message)
    }
  })

  test('when a model can run on no adapter of this GPU', async () => {
    const software = await startWllamaHarness({ flags: ['--enable-unsafe-webgpu'] })
    try {
      const opened = await software.open()
      const error = await opened.call<Outcome>('/page.js', 'failure', { gpuLayers: 1 })
      assert.deepEqual([error.name, error.code], ['ModelLoadError', 'insufficient_gpu'], error.message)
    } finally {
      await software.close()
    }
  })
})

describe('wllama keeps no file that is not the model', () => {
  const source = { url: '/served.gguf' }

  test('as llama.cpp finds, nor a lock', async () => {
    await using opened = await harness.open()
    served = misspelt()
    const error = await opened.call<Outcome>('/page.js', 'failure', {}, { source })
    assert.deepEqual([error.code, /was deleted; load again/.test(error.message)], ['load_failed', true], error.message)
    assert.equal(await opened.call('/page.js', 'status', { source }), 'absent')
    served = model
    assert.equal((await opened.call<Outcome>('/page.js', 'failure', {}, { source })).name, 'none')
    assert.equal(await opened.call('/page.js', 'locks'), 0)
  })

  test('by its checksum', async () => {
    await using opened = await harness.open()
    harness.server.requests.length = 0
    const sha256 = { 'served.gguf': createHash('sha256').update(model).digest('hex') }
    served = misspelt()
    const error = await opened.call<Outcome>('/page.js', 'failure', {}, { source, sha256 })
    assert.deepEqual([error.code, /checksum/.test(error.message)], ['invalid_files', true], error.message)
    assert.equal(await opened.call('/page.js', 'status', { source }), 'absent')
    served = model
    // What was stored unchecked is checked when it is read.
    for (const over of [{ source }, { source, sha256 }, { source, sha256 }]) {
      assert.equal((await opened.call<Outcome>('/page.js', 'failure', {}, over)).name, 'none')
    }
    assert.equal(downloads().length, 2)
    assert.equal(await opened.call('/page.js', 'status', { source, sha256 }), 'cached')
  })

  test('nor have a file checked that is too long for it', async () => {
    await using opened = await harness.open()
    const sha256 = { 'long.gguf': '00' }
    const error = await opened.call<Outcome>('/page.js', 'failure', {}, { source: { url: '/long.gguf' }, sha256 })
    assert.deepEqual([error.code, /below 2 GB/.test(error.message)], ['misconfigured', true], error.message)
  })
})

describe('wllama ends', () => {
  test('with its workers terminated', async () => {
    await using opened = await harness.open()
    await opened.call('/page.js', 'load', 'bundled')
    assert.equal(opened.page.workers().length, 1)
    await opened.call('/page.js', 'unload')
    await leaves(opened, 0)
  })

  for (const crash of ['abort', 'oob']) {
    test(`lost when WebAssembly crashes (${crash})`, async () => {
      await using opened = await harness.open()
      // The package's own switch for its own tests.
      await opened.call('/page.js', 'load', 'url', {}, { pooling_type: `test_stack_trace_${crash}` })
      const error = await opened.call<Outcome>('/page.js', 'refusal', [user('Hello!')])
      assert.deepEqual([error.name, error.code], ['EngineLostError', 'lost'], error.message)
      assert.equal((await opened.call<Outcome>('/page.js', 'lost')).code, 'lost')
      await opened.call('/page.js', 'load', 'url')
      assert.equal((await opened.call<Answered>('/page.js', 'answer', [user('Hello!')], 8)).tokens, 8)
      await leaves(opened, 1)
    })
  }

  test('stalled, then lost, when its worker is killed', async () => {
    await using opened = await harness.open()
    await opened.call('/page.js', 'load', 'bundled', { stallMs: 500 })
    const error = await opened.call<Outcome>('/page.js', 'answerWithoutWorker')
    assert.deepEqual([error.name, error.code], ['EngineError', 'stalled'], error.message)
    assert.equal((await opened.call<Outcome>('/page.js', 'lost')).code, 'lost')
    await opened.call('/page.js', 'load', 'bundled')
    assert.equal((await opened.call<Answered>('/page.js', 'answer', [user('Hello!')], 8)).tokens, 8)
  })
})

describe('wllama runs', () => {
  const runs = async (options: HarnessOptions, load: object, isMultithread: boolean) => {
    const served = await startWllamaHarness(options)
    try {
      const opened = await served.open()
      assert.equal(await opened.call('/page.js', 'obstacle'), 'undefined')
      await opened.call('/page.js', 'load', 'url', load)
      assert.equal(await opened.call('/page.js', 'isMultithread'), isMultithread)
      for (const { id, messages, maxTokens, text } of prompts.slice(0, 4)) {
        const got = await opened.call<Answered>('/page.js', 'answer', messages, maxTokens)
        assert.equal(got.text, text, id)
      }
      assert.deepEqual(opened.errors, [])
    } finally {
      await served.close()
    }
  }
  const isolation = {
    'cross-origin-opener-policy': 'same-origin',
    'cross-origin-embedder-policy': 'require-corp',
  }
  const policy = { 'content-security-policy': POLICY }

  test('on one thread in a page that is not isolated, whatever is asked for', () => runs({}, { numThreads: 2 }, false))
  test('on as many threads as asked for in an isolated page', () =>
    runs({ headers: isolation }, { numThreads: 2 }, true))
  test('under the least Content-Security-Policy', () => runs({ headers: policy }, {}, false))
  test('in a tab that is hidden, and on after the browser froze it', async () => {
    const served = await startWllamaHarness({ flags: HIDEABLE })
    try {
      await using opened = await openHideable(served)
      const stallMs = 1000
      await opened.call('/page.js', 'load', 'bundled', { stallMs })
      await opened.hide()
      const counting = prompts.find(({ maxTokens, text }) => maxTokens > 64 && text.length > 100)
      const ask = () => opened.call<Answered>('/page.js', 'answer', counting?.messages, counting?.maxTokens)
      assert.equal((await ask()).text, counting?.text)
      const frozen = Promise.all([ask(), ask(), ask(), ask()])
      await opened.freeze()
      // Longer than the watchdog waits, and than it takes a late timer for a late one.
      await sleep(2 * stallMs + 500)
      await opened.thaw()
      for (const { text } of await frozen) assert.equal(text, counting?.text)
    } finally {
      await served.close()
    }
  })

  test('under that policy on threads', () => runs({ headers: { ...policy, ...isolation } }, { numThreads: 2 }, true))
})
