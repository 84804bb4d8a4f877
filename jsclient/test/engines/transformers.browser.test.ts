/** The adapter, the real package and the tiny model in Chromium. */
import assert from 'node:assert/strict'
import type { TestContext } from 'node:test'
import { after, before, describe, test } from 'node:test'
import type { ChatMessage } from '../../src/wire.ts'
import type { Harness, TestPage } from '../browser/harness.ts'
import type { Answered, Load, Turns, Way } from './pages/transformers-page.ts'
import { prompts, type ReferencePrompt, reference } from './reference.ts'
import { answersReference, goesOn, testConformance } from './steps.ts'
import { PAGE, startTransformersHarness, tinyFile } from './transformers-harness.ts'

const GRAPH = '/models/edgewise-tiny-v1/onnx/model_quantized.onnx'

describe('transformers in Chromium', () => {
  let harness: Harness
  before(async () => {
    const files = JSON.parse((await tinyFile('generation_config.json')).toString())
    harness = await startTransformersHarness({
      routes: {
        /** The model, with a way to sample in its own files. */
        async '/models/sampling/'(request, response) {
          const [, name = '', file = ''] = /sampling\/(\w+)\/(.+)/.exec(request.url ?? '') ?? []
          if (file !== 'generation_config.json') return void response.end(await tinyFile(file))
          const top_p = name === 'narrow' ? 1e-6 : 1
          response.end(JSON.stringify({ ...files, do_sample: true, temperature: 2, top_p }))
        },
      },
    })
  })
  after(() => harness.close())

  /** A page with the model resident. */
  const openLoaded = async (way: Way = 'bundled'): Promise<TestPage & { first: Load }> => {
    const opened = await harness.open()
    await opened.call(PAGE, 'make', way)
    return Object.assign(opened, { first: await opened.call<Load>(PAGE, 'load') })
  }
  const answer = ({ call }: TestPage, messages: ChatMessage[], maxTokens: number, over = {}) =>
    call<Answered>(PAGE, 'answer', messages, maxTokens, over)

  describe('conforms', () => testConformance(() => harness.open()))

  const saysReference = async (opened: TestPage & { first: Load }, asked: ReferencePrompt[], t: TestContext) => {
    const said = await answersReference(opened, asked)
    t.diagnostic(`load ${opened.first.loadMs} ms, ${said}`)
  }

  describe('loaded once', () => {
    let opened: TestPage & { first: Load }
    before(async () => {
      opened = await openLoaded('plain')
    })
    after(() => opened[Symbol.asyncDispose]())

    test('gives the reference answers', (t) => saysReference(opened, prompts, t))

    describe('conversations', () => {
      /** Asks one question after another, each with all that was said before. */
      const converse = async (opened: TestPage, questions: string[], over: object) => {
        const messages: ChatMessage[] = []
        const turns: { messages: ChatMessage[]; got: Answered }[] = []
        for (const content of questions) {
          messages.push({ role: 'user', content })
          const got = await answer(opened, messages, 60, over)
          turns.push({ messages: [...messages], got })
          messages.push({ role: 'assistant', content: got.text })
        }
        return turns
      }
      const SENSE = [
        'My name is Zelmira',
        'What is the capital of Italy?',
        'And Spain?',
        'What is 7 + 5?',
        'What is my name?',
      ]
      // The model is sure of most answers. Of these it is not, so that any change of its numbers changes a text: were the
      // cache used as the answer before left it, every third one would differ.
      const NONSENSE = ['Tell me a story about xylo', 'blah zub the of', 'Repeat: qwop zzing', 'fnord?']

      // A question that is read in two pieces.
      const LONG = ['My name is Zelmira', 'Repeat: fox, dog and bird. '.repeat(24), 'What is my name?']

      for (const [questions, over] of [
        [SENSE, { temperature: 0 }],
        [LONG, { temperature: 0 }],
        ...[1, 2, 3, 4].map((seed) => [NONSENSE, { temperature: 2, seed }] as const),
      ] as const) {
        test(`go on from where they were, and are answered as ever: ${JSON.stringify(over)}`, async (t) => {
          await answer(opened, [{ role: 'user', content: 'Who are you?' }], 1)
          const turns = await converse(opened, [...questions], over)
          for (const [i, { messages, got }] of turns.entries()) {
            const before = turns[i - 1]?.got.done.usage.promptTokens ?? 0
            assert.equal(got.done.usage.cachedTokens, before, `turn ${i} goes on from the prompt before it`)
            // Something else in between empties the cache.
            await answer(opened, [{ role: 'user', content: 'Who are you?' }], 1)
            const cold = await answer(opened, messages, 60, over)
            assert.equal(cold.done.usage.cachedTokens, 0)
            assert.equal(cold.text, got.text, `turn ${i}`)
            if (questions === LONG && i === 1) {
              const { promptTokens } = got.done.usage
              assert.ok(promptTokens - before > 256, `${promptTokens - before} tokens`)
            }
            const ms = [got, cold].map(({ firstMs }) => firstMs.toFixed(1)).join(' instead of ')
            t.diagnostic(`turn ${i}, ${got.done.usage.promptTokens} tokens: first token after ${ms} ms`)
          }
          if (questions === SENSE) assert.match(turns.at(-1)?.got.text ?? '', /Zelmira/)
        })
      }

      test('that were stopped, cut or changed are answered as ever', async () => {
        const fox: ChatMessage = { role: 'user', content: 'Tell me a story about a fox' }
        const cut = await answer(opened, [fox], 20)
        const stopped = await answer(opened, [fox], 200, { stop: ['fox'] })
        const begun: ChatMessage = { role: 'assistant', content: cut.text }
        const rest = await answer(opened, [fox, begun], 200, { continueFinalMessage: true })
        assert.equal(cut.text + rest.text, reference('story-fox').text)
        const thanks: ChatMessage = { role: 'user', content: 'Thank you' }
        for (const said of [cut.text, stopped.text, cut.text + rest.text, 'Something else.']) {
          const messages: ChatMessage[] = [fox, { role: 'assistant', content: said }, thanks]
          const warm = await answer(opened, messages, 40)
          assert.ok((warm.done.usage.cachedTokens ?? 0) > 0, said)
          await answer(opened, [thanks], 1)
          const cold = await answer(opened, messages, 40)
          assert.deepEqual([cold.text, cold.done.usage.cachedTokens], [warm.text, 0], said)
          await answer(opened, [fox], 1)
        }
      })
    })

    test('goes on with an answer that was begun', () => goesOn(opened))

    test('samples by seed', async () => {
      const say = async (seed: number, topP: number) => {
        const messages: ChatMessage[] = [{ role: 'user', content: 'Tell me a story about a fox' }]
        return (await answer(opened, messages, 40, { temperature: 2, topP, seed })).text
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
      const { messages, maxTokens } = reference('count-60')
      const { turns, deltas, longestMs } = await opened.call<Turns>(PAGE, 'turnsDuring', messages, maxTokens)
      // On the page's own thread the package would let no turn pass until the answer is complete.
      assert.ok(turns > deltas, `${turns} turns of the page during ${deltas} deltas`)
      t.diagnostic(`longest pause of the page ${longestMs.toFixed(1)} ms`)
    })
  })

  test('gives reference answers, worker and package by URL', async (t) => {
    await using opened = await openLoaded('url')
    await saysReference(opened, prompts.slice(0, 5), t)
  })

  test('a first load counts bytes, a second one comes from disk', async (t) => {
    await using opened = await harness.open()
    await opened.call(PAGE, 'make')
    assert.equal(await opened.call(PAGE, 'status'), 'absent')
    harness.server.requests.length = 0
    const first = await opened.call<Load>(PAGE, 'load')
    assert.equal(await opened.call(PAGE, 'status'), 'cached')
    assert.ok(first.progress.some((report) => report.stage === 'download'))
    const last = first.progress.findLast((report) => report.totalBytes !== undefined)
    assert.ok((last?.totalBytes ?? 0) > 1_000_000, `${last?.totalBytes} bytes`)
    assert.equal(last?.loadedBytes, last?.totalBytes)
    assert.equal(harness.server.requests.filter((request) => request === GRAPH).length, 1, 'it is fetched once')
    harness.server.requests.length = 0
    await opened.page.reload()
    await opened.call(PAGE, 'make')
    assert.equal(await opened.call(PAGE, 'status'), 'cached')
    const second = await opened.call<Load>(PAGE, 'load')
    assert.ok(second.progress.every((report) => report.stage === 'load'))
    const fetched = harness.server.requests.filter((request) => /^\/(models|ort)\//.test(request))
    assert.deepEqual(fetched, [], 'nor is ONNX Runtime')
    t.diagnostic(`first load ${first.loadMs} ms, second ${second.loadMs} ms`)
  })

  test('takes a model from the hub where it is told to, and finds it again', async () => {
    await using opened = await harness.open()
    const asked: string[] = []
    await opened.context.route('https://huggingface.co/**', async (route) => {
      const { pathname } = new URL(route.request().url())
      asked.push(pathname)
      const body = await tinyFile(pathname.replace(/^.*\/resolve\/[^/]+\//, ''))
      await route.fulfill({ body, headers: { 'access-control-allow-origin': '*' } })
    })
    await opened.call(PAGE, 'make', 'bundled', { modelBaseURL: 'peer-default' })
    const model = { source: { modelId: 'org/tiny', revision: 'v/1' } }
    assert.equal(await opened.call(PAGE, 'status', model), 'absent')
    await opened.call<Load>(PAGE, 'load', model)
    assert.ok(asked.includes('/org/tiny/resolve/v%2F1/onnx/model_quantized.onnx'), String(asked))
    assert.equal(await opened.call(PAGE, 'status', model), 'cached')
    asked.length = 0
    await opened.call<Load>(PAGE, 'load', model)
    assert.ok(!asked.some((path) => path.endsWith('.onnx')), String(asked))
  })

  test("samples as the model's own files say, where the request says nothing", async () => {
    await using opened = await harness.open()
    await opened.call(PAGE, 'make')
    const { messages, text } = reference('story-fox')
    const answers = async (modelId: string) => {
      await opened.call<Load>(PAGE, 'load', { source: { modelId } })
      const texts = new Set<string>()
      for (let seed = 1; seed < 9; seed++) {
        texts.add((await answer(opened, messages, 200, { temperature: undefined, seed })).text)
      }
      assert.equal((await answer(opened, messages, 200)).text, text, 'the request wins')
      return texts
    }
    assert.deepEqual(await answers('sampling/narrow'), new Set([text]))
    const wide = await answers('sampling/wide')
    assert.ok(wide.size > 1, 'seeds differ')
  })
})
