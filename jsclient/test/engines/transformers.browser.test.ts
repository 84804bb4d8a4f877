/** The adapter, the real package and the tiny model in Chromium. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import type { ServerResponse } from 'node:http'
import { after, before, describe, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { deferred } from '../../src/engine/abort.ts'
import { engineChecks } from '../../src/testing/conformance.ts'
import type { ChatMessage } from '../../src/wire.ts'
import type { Harness, TestPage } from '../browser/harness.ts'
import { startHarness } from '../browser/harness.ts'
import { testModel } from './model.ts'
import type { Answered, Load, Outcome, Turns } from './pages/transformers-page.ts'

const path = (relative: string) => fileURLToPath(new URL(relative, import.meta.url))
const files = path('../../../examples/tinymodel/files/')

interface Reference {
  prompts: {
    id: string
    messages: ChatMessage[]
    maxTokens: number
    text: string
    promptTokens: number
    completionTokens: number
    finishReason: string
  }[]
}

describe('transformers in Chromium', () => {
  let prompts: Reference['prompts'] = []
  const held = deferred<ServerResponse>()
  let harness: Harness
  before(async () => {
    ;({ prompts } = JSON.parse(readFileSync(`${files}edgewise-tiny-v1/reference.json`, 'utf8')) as Reference)
    harness = await startHarness({
      bundles: {
        '/page.js': path('pages/transformers-page.ts'),
        '/counting-worker.js': path('pages/counting-worker.ts'),
        '/worker.js': path('../../src/engines/transformers/worker.ts'),
        '/worker-module.js': path('../../src/engines/transformers/worker-module.ts'),
      },
      dirs: {
        '/models/': files,
        '/ort/': path('../../node_modules/onnxruntime-web/dist/'),
        '/npm/': path('../../node_modules/'),
      },
      routes: Object.fromEntries(
        ['config.json', 'tokenizer_config.json'].map((file) => [
          `/models/held/${file}`,
          (_, response) => held.resolve(response),
        ]),
      ),
    })
  })
  after(() => harness.close())

  const names = engineChecks({
    create: () => assert.fail(),
    model: testModel(),
    request: { messages: [], maxTokens: 1 },
    generatedTokens: () => 0,
  }).map((check) => check.name)

  describe('conforms', () => {
    let opened: TestPage
    before(async () => {
      opened = await harness.open()
    })
    after(() => opened[Symbol.asyncDispose]())
    for (const name of names) test(name, () => opened.call('/page.js', 'runCheck', name))
  })

  for (const way of ['bundled-plain', 'url']) {
    test(`gives the reference answers (${way})`, async (t) => {
      await using opened = await harness.open()
      const { loadMs } = await opened.call<Load>('/page.js', 'load', way)
      let tokens = 0
      let ms = 0
      for (const prompt of prompts) {
        const got = await opened.call<Answered>('/page.js', 'answer', prompt.messages, prompt.maxTokens)
        assert.equal(got.text, prompt.text, prompt.id)
        assert.equal(got.done.finishReason, prompt.finishReason, prompt.id)
        const { promptTokens, completionTokens } = prompt
        assert.deepEqual(got.done.usage, { promptTokens, completionTokens }, prompt.id)
        assert.equal(got.tokens, completionTokens, prompt.id)
        tokens += got.tokens
        ms += got.ms
      }
      t.diagnostic(`load ${loadMs} ms, ${prompts.length} answers, ${Math.round((tokens / ms) * 1000)} tokens/s`)
      assert.deepEqual(opened.errors, [])
    })
  }

  test('a first load counts bytes, a second one comes from disk', async (t) => {
    await using opened = await harness.open()
    const first = await opened.call<Load>('/page.js', 'load', 'bundled')
    assert.deepEqual([first.before, first.after], ['absent', 'cached'])
    const downloads = first.progress.filter((report) => report.stage === 'download')
    assert.ok(downloads.length > 0, 'it reports a download')
    const last = first.progress.findLast((report) => report.totalBytes !== undefined)
    assert.ok((last?.totalBytes ?? 0) > 1_000_000, `${last?.totalBytes} bytes`)
    assert.equal(last?.loadedBytes, last?.totalBytes)
    const whole = harness.server.requests.filter(
      (request) => request === '/models/edgewise-tiny-v1/onnx/model_quantized.onnx',
    )
    harness.server.requests.length = 0
    await opened.page.reload()
    const second = await opened.call<Load>('/page.js', 'load', 'bundled')
    assert.deepEqual([second.before, second.after], ['cached', 'cached'])
    assert.ok(second.progress.every((report) => report.stage === 'load'))
    assert.deepEqual(
      harness.server.requests.filter((request) => request.startsWith('/models/')),
      [],
    )
    assert.ok(whole.length > 0)
    t.diagnostic(`first load ${first.loadMs} ms, second ${second.loadMs} ms`)
  })

  test('goes on with an answer that was begun', async () => {
    await using opened = await harness.open()
    await opened.call('/page.js', 'load', 'bundled')
    let tried = 0
    for (const { id, messages, maxTokens, text, finishReason } of prompts) {
      // Cut between two words: inside a word the cut text has other tokens than the model wrote.
      const cut = text.indexOf(' ', text.length / 2)
      if (finishReason !== 'stop' || cut < 0) continue
      const begun: ChatMessage = { role: 'assistant', content: text.slice(0, cut) }
      const rest = await opened.call<Answered>('/page.js', 'answer', [...messages, begun], maxTokens, {
        continueFinalMessage: true,
      })
      assert.equal(text.slice(0, cut) + rest.text, text, id)
      tried++
    }
    assert.ok(tried > 10, `${tried} answers were cut`)
  })

  test('samples by seed', async () => {
    await using opened = await harness.open()
    await opened.call('/page.js', 'load', 'bundled')
    const say = async (seed: number, topP: number) => {
      const messages = [{ role: 'user', content: 'Tell me a story about a fox' }]
      const over = { temperature: 2, topP, seed }
      return (await opened.call<Answered>('/page.js', 'answer', messages, 40, over)).text
    }
    assert.equal(await say(7, 1), await say(7, 1))
    const texts = new Set<string>()
    for (let seed = 1; seed < 9; seed++) texts.add(await say(seed, 1))
    assert.ok(texts.size > 1, 'seeds differ')
    const narrow = new Set<string>()
    for (let seed = 1; seed < 5; seed++) narrow.add(await say(seed, 0.01))
    assert.equal(narrow.size, 1, 'a tiny nucleus is greedy')
  })

  test('leaves the page free', async (t) => {
    await using opened = await harness.open()
    await opened.call('/page.js', 'load', 'bundled')
    const messages = [{ role: 'user', content: 'Count from 1 to 60' }]
    const { turns, deltas, longestMs } = await opened.call<Turns>('/page.js', 'turnsDuring', messages, 320)
    // On the page's own thread the package would let no turn pass until the answer is complete.
    assert.ok(turns > deltas, `${turns} turns of the page during ${deltas} deltas`)
    t.diagnostic(`longest pause of the page ${longestMs.toFixed(1)} ms`)
  })

  describe('fails with names', () => {
    const fails = async (name: string, ...args: unknown[]) => {
      await using opened = await harness.open()
      return await opened.call<Outcome>('/page.js', name, ...args)
    }

    test('a model that is not there', async () => {
      const error = await fails('failure', { source: { modelId: 'nowhere' } })
      assert.deepEqual([error.name, error.code], ['ModelLoadError', 'model_not_found'], error.message)
    })

    test('WebGPU without an adapter, before a byte is downloaded', async () => {
      harness.server.requests.length = 0
      const error = await fails('failure', { source: { device: 'webgpu' } })
      assert.deepEqual([error.name, error.code], ['ModelLoadError', 'no_webgpu'], error.message)
      assert.ok(!harness.server.requests.some((request) => request.startsWith('/models/')))
    })

    test('a package that is not there', async () => {
      const error = await fails('failureByURL', { moduleURL: '/npm/no.js' })
      assert.deepEqual([error.name, error.code], ['EngineNotInstalledError', 'not_installed'], error.message)
    })

    test('a worker script that is not there', async () => {
      const error = await fails('failureByURL', { workerURL: '/no-worker.js' })
      assert.deepEqual([error.name, error.code], ['EngineError', 'worker_failed'], error.message)
    })

    test('nothing comes from a CDN or a hub unasked', async () => {
      const paths = await fails('failure', { omit: 'wasmPaths' })
      assert.deepEqual([paths.code, /pass wasmPaths/.test(paths.message)], ['misconfigured', true])
      const base = await fails('failure', { omit: 'modelBaseURL' })
      assert.deepEqual([base.code, /pass modelBaseURL/.test(base.message)], ['misconfigured', true])
    })

    test('a prompt that is too long', async () => {
      const content = 'word '.repeat(600)
      const error = await fails('failure', { request: { messages: [{ role: 'user', content }] } })
      assert.deepEqual([error.name, error.code], ['EngineError', 'context_length_exceeded'], error.message)
    })

    test('a worker that dies', async () => {
      const error = await fails('crash')
      assert.deepEqual([error.name, error.code], ['EngineLostError', 'lost'])
    })

    test('an aborted load closes its connections', async () => {
      await using opened = await harness.open()
      await opened.call('/page.js', 'startLoad', 'held')
      const closed = once(await held.promise, 'close')
      assert.equal(await opened.call('/page.js', 'abortLoad'), 'AbortError: not now')
      await closed
    })
  })
})
