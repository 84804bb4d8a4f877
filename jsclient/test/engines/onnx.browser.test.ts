/** The adapter, the real packages and the tiny model in Chromium, on WebAssembly. */
import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import type { ServerResponse } from 'node:http'
import { after, before, describe, test } from 'node:test'
import { deferred } from '../../src/engine/abort.ts'
import type { ChatMessage } from '../../src/wire.ts'
import { HIDEABLE, openHideable } from '../browser/faults.ts'
import type { TestPage } from '../browser/harness.ts'
import type { OnnxHarness } from './onnx-harness.ts'
import { startOnnxHarness } from './onnx-harness.ts'
import type { Answered, Holdings, Load, Outcome } from './pages/onnx-page.ts'
import { prompts } from './reference.ts'
import { answersReference, goesOn, testConformance } from './steps.ts'

const held = deferred<ServerResponse>()
let harness: OnnxHarness
before(async () => {
  harness = await startOnnxHarness({
    routes: { '/models/held/model.onnx': (_, response) => held.resolve(response) },
  })
})
after(() => harness.close())

const user = (content: string): ChatMessage => ({ role: 'user', content })

describe('conforms', () => {
  testConformance(() => harness.open())
})

describe('answers', () => {
  let opened: TestPage
  let loadMs: number
  before(async () => {
    opened = await harness.open()
    loadMs = (await opened.call<Load>('/page.js', 'load', 'bundled')).loadMs
  })
  after(() => opened[Symbol.asyncDispose]())

  test('all reference prompts', async (t) => {
    const said = await answersReference(opened, prompts)
    t.diagnostic(`load ${loadMs} ms, ${said}`)
  })

  test('reference prompts, with all modules by URL', async () => {
    await using other = await harness.open()
    await other.call('/page.js', 'load', 'url')
    await answersReference(other, prompts.slice(0, 5))
  })

  test('all reference prompts that were begun, by going on', () => goesOn(opened))

  test('a chat the same with the cache and without, and the cache saves its history', async () => {
    const ask = (messages: ChatMessage[]) => opened.call<Answered>('/page.js', 'answer', messages, 24)
    await ask([user('Something else.')])
    const turns: { messages: ChatMessage[]; warm: Answered }[] = []
    const messages: ChatMessage[] = []
    for (const question of ['Hello!', 'What is 7 + 5?', 'Count from 1 to 60', 'Who are you?', 'Tell me a story']) {
      messages.push(user(question))
      const warm = await ask(messages)
      turns.push({ messages: [...messages], warm })
      messages.push({ role: 'assistant', content: warm.text })
    }
    for (const [i, { messages, warm }] of turns.entries()) {
      await ask([user('Something else.')])
      const cold = await ask(messages)
      assert.equal(cold.done.usage.cachedTokens, 0, 'the other prompt drove it out')
      assert.equal(warm.text, cold.text)
      // All up to the opening of the last answer.
      assert.equal(warm.done.usage.cachedTokens, turns[i - 1]?.warm.done.usage.promptTokens ?? 0)
    }
  })

  test('by seed, and by the model alone in a tiny nucleus', async () => {
    const say = async (seed: number, topP: number) => {
      const over = { temperature: 2, topP, seed }
      return (await opened.call<Answered>('/page.js', 'answer', [user('Tell me a story about a fox')], 40, over)).text
    }
    assert.equal(await say(7, 1), await say(7, 1))
    const texts = new Set<string>()
    for (let seed = 1; seed < 9; seed++) texts.add(await say(seed, 1))
    assert.ok(texts.size > 1, 'seeds differ')
    const narrow = new Set<string>()
    for (let seed = 1; seed < 5; seed++) narrow.add(await say(seed, 0.01))
    assert.equal(narrow.size, 1, 'a tiny nucleus is greedy')
  })

  test('200 times and holds no more than after 20', async (t) => {
    await using opened = await harness.open()
    await opened.call('/page.js', 'load', 'counting')
    const few = await opened.call<Holdings>('/page.js', 'holdingsAfter', 20)
    const many = await opened.call<Holdings>('/page.js', 'holdingsAfter', 180)
    assert.deepEqual(many, few)
    assert.equal(few.tensors, 8, 'a key and a value for each of four layers')
    assert.ok(few.bytes > 1_000_000, `${few.bytes} bytes`)
    t.diagnostic(`${few.tensors} tensors, ${few.bytes} bytes`)
  })
})

describe('keeps files', () => {
  test('so that a first load counts bytes and a second one needs no network', async (t) => {
    await using opened = await harness.open()
    const first = await opened.call<Load>('/page.js', 'load', 'bundled')
    assert.deepEqual([first.before, first.after], ['absent', 'cached'])
    assert.ok(first.progress.some((report) => report.stage === 'download'))
    const last = first.progress.findLast((report) => report.totalBytes !== undefined)
    assert.ok((last?.totalBytes ?? 0) > 1_650_000, `${last?.totalBytes} bytes`)
    assert.equal(last?.loadedBytes, last?.totalBytes)

    await opened.page.reload()
    const before = harness.downloads().length
    const second = await opened.call<Load>('/page.js', 'load', 'bundled')
    assert.deepEqual([second.before, second.after], ['cached', 'cached'])
    assert.ok(second.progress.every((report) => report.stage === 'load' && report.loadedBytes === undefined))
    assert.equal(harness.downloads().length, before)
    t.diagnostic(`first load ${first.loadMs} ms, second ${second.loadMs} ms`)
  })

  test('whose checksums are right, and no others', async () => {
    await using opened = await harness.open()
    const root = new URL('../../../examples/tinymodel/files/edgewise-tiny-v1/', import.meta.url)
    const hash = (file: string, kind: string) => createHash(kind).update(readFileSync(new URL(file, root)))
    const sha256 = { 'model_quantized.onnx': hash('onnx/model_quantized.onnx', 'sha256').digest('hex') }
    const integrity = { 'tokenizer.json': `sha384-${hash('tokenizer.json', 'sha384').digest('base64')}` }

    const wrong = { sha256: { 'onnx/model_quantized.onnx': '0'.repeat(64) } }
    await assert.rejects(opened.call('/page.js', 'load', 'bundled', wrong), /model_quantized\.onnx .*checksum/)
    assert.deepEqual(await opened.call('/page.js', 'storedFiles'), [])
    const other = { integrity: { 'tokenizer.json': integrity['tokenizer.json'].replace(/.$/, 'A') } }
    await assert.rejects(opened.call('/page.js', 'load', 'bundled', other), /tokenizer\.json .*checksum/)
    assert.deepEqual(await opened.call('/page.js', 'storedFiles'), [])

    await opened.call('/page.js', 'load', 'bundled')
    const fetched = harness.downloads().length
    const unchecked = await opened.call<Load>('/page.js', 'load', 'bundled', { sha256, integrity })
    assert.deepEqual([unchecked.before, unchecked.after], ['cached', 'cached'], 'what was not checked may do')
    assert.equal(harness.downloads().length, fetched, 'and does')
    const changed = { sha256: { 'model_quantized.onnx': '1'.repeat(64) } }
    assert.equal(await opened.call('/page.js', 'status', 'bundled', changed), 'absent', 'what was checked will not')
  })
})

describe('fails with names', () => {
  const fails = async (...args: unknown[]) => {
    await using opened = await harness.open()
    return await opened.call<Outcome>('/page.js', 'failure', ...args)
  }

  test('WebGPU without an adapter, before a byte is downloaded', async () => {
    const before = harness.downloads().length
    const error = await fails('bundled', { device: 'webgpu' })
    assert.deepEqual([error.name, error.code], ['ModelLoadError', 'no_webgpu'], error.message)
    assert.equal(harness.downloads().length, before)
  })

  for (const [name, packageName] of [
    ['ort', 'onnxruntime-web'],
    ['tokenizers', '@huggingface/tokenizers'],
    ['jinja', '@huggingface/jinja'],
  ] as const) {
    test(`${packageName} that is not there, or another module in its place`, async () => {
      const { url } = {
        url: {
          ort: '/ort/ort.wasm.min.mjs',
          tokenizers: '/npm/@huggingface/tokenizers/dist/tokenizers.min.mjs',
          jinja: '/npm/@huggingface/jinja/dist/index.js',
        },
      }
      for (const wrong of ['/npm/no.js', '/worker.js?']) {
        const error = await fails('url', { moduleURLs: { ...url, [name]: wrong } })
        assert.deepEqual([error.name, error.code], ['EngineNotInstalledError', 'not_installed'], error.message)
        assert.ok(error.message.startsWith(`${packageName} could not be imported`), error.message)
      }
    })
  }

  test('all packages that are not there, at once', async () => {
    const no = '/npm/no.js'
    const error = await fails('url', { moduleURLs: { ort: no, tokenizers: no, jinja: no } })
    assert.equal(error.code, 'not_installed', error.message)
    assert.match(error.message, /"npm install @huggingface\/jinja @huggingface\/tokenizers onnxruntime-web"/)
  })

  test('a worker script that is not there', async () => {
    const error = await fails('url', { workerURL: '/no-worker.js' })
    assert.deepEqual([error.name, error.code], ['EngineError', 'worker_failed'], error.message)
  })

  test('files of ONNX Runtime that are not there', async () => {
    const error = await fails('bundled', { wasmPaths: '/nowhere/' })
    assert.deepEqual([error.name, error.code], ['ModelLoadError', 'misconfigured'], error.message)
  })

  test('options that are missing, or wrong', async () => {
    for (const [way, options, source, hint] of [
      ['bundled', { worker: undefined }, {}, /pass worker, or workerURL and moduleURLs/],
      ['url', { moduleURLs: undefined }, {}, /pass worker, or workerURL and moduleURLs/],
      ['bundled', {}, { url: '' }, /names no url/],
      ['bundled', {}, { url: 'http://' }, /names no url/],
      ['bundled', {}, { device: 'webnn' }, /is webnn; it can be wasm or webgpu/],
    ] as const) {
      const error = await fails(way, options, source)
      assert.deepEqual([error.name, error.code], ['EngineError', 'misconfigured'], error.message)
      assert.match(error.message, hint)
    }
  })

  test('a page that is not secure', async () => {
    const flags = ['--host-resolver-rules=MAP insecure.test 127.0.0.1']
    const insecure = await startOnnxHarness({ flags })
    try {
      await using opened = await insecure.open()
      assert.equal(await opened.call('/page.js', 'obstacle'), undefined)
      await opened.page.goto(insecure.server.origin.replace('127.0.0.1', 'insecure.test'))
      const { obstacle, error } = await opened.page.evaluate(async (url) => {
        const page: typeof import('./pages/onnx-page.ts') = await import(url)
        return { obstacle: await page.obstacle(), error: await page.failure('bundled', {}) }
      }, '/page.js')
      assert.equal(obstacle, 'insecure_context')
      assert.equal(error.code, 'insecure_context', error.message)
      assert.deepEqual(insecure.downloads(), [])
    } finally {
      await insecure.close()
    }
  })

  test('an aborted load, whose connections are closed', async () => {
    await using opened = await harness.open()
    await opened.call('/page.js', 'startLoad', '/models/held/model.onnx')
    const closed = once(await held.promise, 'close')
    const error = await opened.call<Outcome>('/page.js', 'abortLoad')
    assert.deepEqual([error.name, error.message], ['AbortError', 'not now'])
    await closed
  })
})

describe('on a page with the strictest policy that will do', () => {
  const policy = "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; worker-src 'self'; connect-src 'self'"
  const isolation = { 'cross-origin-opener-policy': 'same-origin', 'cross-origin-embedder-policy': 'require-corp' }
  const story = prompts.find(({ completionTokens }) => completionTokens > 60)

  for (const [name, ways, headers] of [
    ['of content', ['bundled', 'url'], {}],
    ['of content, isolated from other origins, two threads', ['threads'], isolation],
  ] as const) {
    test(`${name}: a reference answer`, async (t) => {
      const strict = await startOnnxHarness({ headers: { 'content-security-policy': policy, ...headers } })
      try {
        await using opened = await strict.open()
        for (const way of ways) {
          const { loadMs } = await opened.call<Load>('/page.js', 'load', way)
          const got = await opened.call<Answered>('/page.js', 'answer', story?.messages, story?.maxTokens)
          assert.equal(got.text, story?.text)
          t.diagnostic(`${way}: load ${loadMs} ms, ${Math.round((got.tokens / got.ms) * 1000)} tokens/s`)
        }
        assert.equal(await opened.page.evaluate(() => crossOriginIsolated), headers === isolation)
        assert.deepEqual(opened.errors, [])
      } finally {
        await strict.close()
      }
    })
  }
})

describe('in a tab that is hidden', () => {
  test('an answer goes on to its end', async () => {
    const hideable = await startOnnxHarness({ flags: HIDEABLE })
    try {
      await using opened = await openHideable(hideable)
      await opened.call<Load>('/page.js', 'load', 'bundled')
      await opened.call('/page.js', 'startAnswer', [user('Count from 1 to 60')], 320)
      await opened.hide()
      const ended = await opened.call<Outcome>('/page.js', 'howItEnded')
      assert.equal(ended.name, 'none', ended.message)
      const [hello] = prompts
      const got = await opened.call<Answered>('/page.js', 'answer', hello?.messages, 16)
      assert.equal(got.text, hello?.text)
    } finally {
      await hideable.close()
    }
  })
})
