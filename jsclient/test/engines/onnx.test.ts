/** The small parts that the ONNX adapter is made of. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { EngineRequest } from '../../src/engine/engine.ts'
import { pieceEnds } from '../../src/engines/decoding/pieces.ts'
import { createRandom } from '../../src/engines/decoding/random.ts'
import { endIdsOf, samplingOf } from '../../src/engines/onnx/generation.ts'
import { toFloats } from '../../src/engines/onnx/half.ts'
import type { Sampling } from '../../src/engines/onnx/sampler.ts'
import { createSampler } from '../../src/engines/onnx/sampler.ts'
import { needsHalfFloats, sourceOf } from '../../src/engines/onnx/source.ts'
import { createText } from '../../src/engines/onnx/text.ts'
import { testModel } from './model.ts'
import { fakePeers } from './onnx-runtime.ts'

describe('sampling', () => {
  const all: Sampling = { temperature: 1, topP: 1, topK: 0, repetitionPenalty: 1 }
  /** How often each token is drawn from probabilities, of 4,000 times. */
  const shares = (probabilities: number[], over: Partial<Sampling>, tokens: bigint[] = []) => {
    const sample = createSampler({ ...all, seed: 5, ...over })
    const counts = probabilities.map(() => 0)
    for (let i = 0; i < 4000; i++) {
      const token = sample(Float32Array.from(probabilities, Math.log), tokens)
      counts[token] = (counts[token] ?? 0) + 1 / 4000
    }
    return counts.map((share) => Math.round(share * 20) / 20)
  }

  test('follows the probabilities', () => {
    assert.deepEqual(shares([0.1, 0.6, 0.3], {}), [0.1, 0.6, 0.3])
    assert.deepEqual(shares([0.1, 0.6, 0.3], { temperature: 0 }), [0, 1, 0])
    assert.deepEqual(shares([0.2, 0.8], { temperature: 0.5 }), [0.05, 0.95])
  })

  test('leaves out the unlikely', () => {
    assert.deepEqual(shares([0.1, 0.6, 0.2, 0.1], { topK: 1 }), [0, 1, 0, 0])
    assert.deepEqual(shares([0.1, 0.6, 0.2, 0.1], { topK: 2 }), [0, 0.75, 0.25, 0])
    assert.deepEqual(shares([0.1, 0.6, 0.3], { topK: 9 }), [0.1, 0.6, 0.3])
    assert.deepEqual(shares([0.1, 0.6, 0.2, 0.1], { topP: 0.7 }), [0, 0.75, 0.25, 0])
    assert.deepEqual(shares([0.25, 0.25, 0.25, 0.25], { topK: 1 }), [0.25, 0.25, 0.25, 0.25], 'equals are equal')
  })

  test('holds repetition against a token, whatever the sign of its score', () => {
    const sample = createSampler({ ...all, temperature: 0, repetitionPenalty: 2 })
    assert.equal(sample(Float32Array.of(3, 2), []), 0)
    assert.equal(sample(Float32Array.of(3, 2), [0n, 0n]), 1)
    assert.equal(sample(Float32Array.of(-2, -3), [0n]), 1)
  })

  test('says so when the scores are no numbers', () => {
    const sample = createSampler(all)
    assert.throws(() => sample(Float32Array.of(Number.NaN, Number.NaN), []), { code: 'generate_failed' })
  })

  test('a seed settles the numbers, and each has its own', () => {
    const first = (seed?: number) => Array.from({ length: 3 }, createRandom(seed)).join()
    assert.equal(first(7), first(7))
    const seeds = [0, 1, 2, 7, 2 ** 31, 2 ** 32, 2 ** 32 + 7, 2 ** 53 - 1]
    assert.equal(new Set(seeds.map(first)).size, seeds.length)
    assert.notEqual(first(), first())
    const random = createRandom(1)
    const numbers = Array.from({ length: 10_000 }, random)
    assert.ok(numbers.every((number) => number >= 0 && number < 1))
    assert.ok(Math.abs(numbers.reduce((sum, number) => sum + number, 0) / 10_000 - 0.5) < 0.02)
  })

  test("the request's wishes win over the model's own", () => {
    const generation = { do_sample: true, temperature: 0.6, top_p: 0.9, top_k: 20, repetition_penalty: 1.1 }
    const request: EngineRequest = { messages: [], maxTokens: 1 }
    const model = { temperature: 0.6, topP: 0.9, topK: 20, repetitionPenalty: 1.1, seed: undefined }
    assert.deepEqual(samplingOf(request, generation), model)
    assert.deepEqual(samplingOf({ ...request, temperature: 0, topP: 0.5, seed: 3 }, generation), {
      ...model,
      temperature: 0,
      topP: 0.5,
      seed: 3,
    })
    const greedy = { temperature: 0, topP: 1, topK: 0, repetitionPenalty: 1, seed: undefined }
    assert.deepEqual(samplingOf(request, {}), greedy)
    assert.equal(samplingOf(request, { ...generation, do_sample: false }).temperature, 0)
    assert.equal(samplingOf({ ...request, temperature: 1.5 }, {}).temperature, 1.5)
  })
})

describe('half floats', () => {
  test('are read from their bits', () => {
    const bits = Uint16Array.of(0, 0x8000, 0x3c00, 0xc000, 0x3555, 1, 0x03ff, 0x0400, 0x7bff, 0x7c00, 0xfc00, 0x7e00)
    const floats = [0, -0, 1, -2, 0.333251953125, 2 ** -24, 2 ** -14 - 2 ** -24, 2 ** -14, 65504]
    const rest = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, Number.NaN]
    assert.deepEqual([...toFloats(bits, bits.length)], [...floats, ...rest])
  })

  test('only the last ones are taken', () => {
    assert.deepEqual([...toFloats(Float32Array.of(1, 2, 3), 2)], [2, 3])
    assert.deepEqual([...toFloats(Uint16Array.of(0, 0x3c00), 1)], [1])
  })
})

describe('the pieces of a prompt', () => {
  test('end with turns, and are no longer than 256', () => {
    assert.deepEqual(pieceEnds(5, []), [5])
    assert.deepEqual(pieceEnds(600, [10, 300]), [10, 266, 300, 556, 600])
    assert.deepEqual(pieceEnds(300, [10, 300]), [10, 266, 300])
  })

  test('are the same as far as two prompts are', () => {
    const turns = [7, 300, 900]
    for (const length of [8, 263, 264, 299, 301, 700, 901, 1000]) {
      const mine = pieceEnds(
        length,
        turns.filter((end) => end <= length),
      )
      assert.deepEqual(mine.slice(0, -1), pieceEnds(2000, turns).slice(0, mine.length - 1))
    }
  })
})

describe('a model', () => {
  const at = (source: Record<string, string>, device?: string) =>
    sourceOf(testModel({ source }), 'https://a.test/page/', device)

  test('lies where its source says', () => {
    const graphURL = 'https://a.test/page/m/onnx/model_q4f16.onnx'
    assert.deepEqual(at({ url: 'm/onnx/model_q4f16.onnx' }), {
      graphURL,
      filesURL: 'https://a.test/page/m/',
      device: 'wasm',
    })
    assert.equal(at({ url: 'm/model.onnx' })?.filesURL, 'https://a.test/page/m/')
    assert.equal(at({ url: 'https://b.test/onnx/m.onnx?sig=1' })?.filesURL, 'https://b.test/')
    assert.equal(at({ url: 'm.onnx', filesURL: '/t' })?.filesURL, 'https://a.test/t/')
    assert.equal(at({ url: 'm.onnx' }, 'webgpu')?.device, 'webgpu')
    assert.equal(at({ url: 'm.onnx', device: 'wasm' }, 'webgpu')?.device, 'wasm')
    assert.equal(at({}), undefined)
    assert.deepEqual(
      ['model_q4f16.onnx', 'model_fp16.onnx?x', 'model_q4.onnx', 'model.onnx'].map((name) =>
        needsHalfFloats(new URL(name, graphURL).href),
      ),
      [true, true, false, false],
    )
  })

  test('ends an answer by the ids of either file', () => {
    assert.deepEqual(endIdsOf({ eos_token_id: [2, 0] }, { eos_token_id: 1 }), new Set([2n, 0n]))
    assert.deepEqual(endIdsOf({}, { eos_token_id: 1 }), new Set([1n]))
    assert.deepEqual(endIdsOf({}, {}), new Set())
  })

  test('gives its template the special tokens, which may be objects', () => {
    const seen: Record<string, unknown>[] = []
    const { peers } = fakePeers({})
    const Template = class {
      render(values: Record<string, unknown>) {
        seen.push(values)
        return ''
      }
    }
    const config = { chat_template: '', bos_token: { content: '<s>' }, eos_token: '</s>', unk_token: null }
    createText({ ...peers, Template }, {}, config).render([])
    const { bos_token, eos_token, unk_token, add_generation_prompt } = seen.at(-1) ?? {}
    assert.deepEqual([bos_token, eos_token, unk_token, add_generation_prompt], ['<s>', '</s>', undefined, true])
  })

  test('whose template wants more than one message has no turns to cut at, and is read', () => {
    const { peers } = fakePeers({})
    const Template = class {
      render({ messages }: Record<string, unknown>) {
        const [first, second] = messages as { content: string }[]
        if (!second) throw new Error('System first')
        return `${first?.content}${second.content}`
      }
    }
    const text = createText({ ...peers, Template }, {}, { chat_template: '' })
    const message = (role: string, content: string) => ({ role, content })
    const prompt = text.render([message('system', 'AB'), message('user', 'C')])
    assert.equal(prompt, 'ABC')
    assert.deepEqual(text.turnEnds(text.encode(prompt)), [])
  })
})
