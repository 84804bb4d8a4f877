/** The adapter's parts that need no browser. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { EngineEvent, EngineRequest } from '../../src/engine/engine.ts'
import { createAnswer } from '../../src/engines/wllama/answer.ts'
import { diagnose, generateFailure } from '../../src/engines/wllama/failure.ts'
import { requireGPU } from '../../src/engines/wllama/gpu.ts'
import { PEER_DEFAULT, wllama } from '../../src/engines/wllama/index.ts'
import { createLog } from '../../src/engines/wllama/log.ts'
import type { ChatChunk } from '../../src/engines/wllama/peer.ts'
import { toChatRequest } from '../../src/engines/wllama/request.ts'
import { urlsOf } from '../../src/engines/wllama/source.ts'
import { EngineUnsupportedError } from '../../src/errors/engine-unsupported-error.ts'
import { testModel } from './model.ts'

const request = (over: Partial<EngineRequest> = {}): EngineRequest => ({
  messages: [{ role: 'user', content: 'Hello!' }],
  maxTokens: 8,
  ...over,
})
const TOOLS = { 'tokenizer.chat_template': '{%- if tools %}' }
const tools = ['f', 'g'].map((name) => ({ type: 'function' as const, function: { name } }))
const json_schema = { name: 's', schema: { type: 'object' } }

describe('a request for llama-server', () => {
  const cases: [name: string, over: Partial<EngineRequest>, expected: object][] = [
    ['without wishes leaves the sampling to the model', {}, { temperature: undefined, top_k: undefined }],
    ['at temperature 0', { temperature: 0 }, { temperature: 0 }],
    ['filters nothing unasked', { temperature: 1 }, { temperature: 1, top_k: 0, top_p: 1, min_p: 0 }],
    ['takes a nucleus', { topP: 0.5 }, { top_p: 0.5, top_k: 0, min_p: 0 }],
    ['never takes the seed that means none', { seed: 2 ** 32 - 1 }, { seed: 0 }],
    ['bounds its tokens', { maxTokens: 2 ** 40 }, { max_tokens: 2 ** 31 - 1 }],
    ['wants JSON', { responseFormat: { type: 'json_object' } }, { response_format: { type: 'json_object' } }],
    [
      'wants a schema',
      { responseFormat: { type: 'json_schema', json_schema } },
      { response_format: { type: 'json_schema', json_schema: { schema: json_schema.schema } } },
    ],
    ['offers tools', { tools }, { tools, tool_choice: 'auto' }],
    ['insists on a tool', { tools, toolChoice: 'required' }, { tools, tool_choice: 'required' }],
    [
      'insists on one tool by offering no other',
      { tools, toolChoice: { type: 'function', function: { name: 'g' } } },
      { tools: tools.slice(1), tool_choice: 'required' },
    ],
    ['offers none', { tools, toolChoice: 'none' }, { tools: undefined }],
    [
      'goes on',
      { messages: [...request().messages, { role: 'assistant', content: 'Hel' }], continueFinalMessage: true },
      { continue_final_message: true, add_generation_prompt: false },
    ],
  ]
  for (const [name, over, expected] of cases) {
    test(name, () => {
      const chat: Record<string, unknown> = { ...toChatRequest(request(over), TOOLS) }
      assert.deepEqual(Object.fromEntries(Object.keys(expected).map((key) => [key, chat[key]])), expected)
    })
  }

  test("keeps the filters that the model's file asks for", () => {
    const chat = toChatRequest(request({ temperature: 1 }), { 'general.sampling.top_k': '20' })
    assert.deepEqual([chat.top_k, chat.min_p], [undefined, 0])
  })

  const refused: [param: string, over: Partial<EngineRequest>][] = [
    ['messages', { messages: [] }],
    ['n', { n: 2 }],
    ['logprobs', { logprobs: true }],
    ['continueFinalMessage', { continueFinalMessage: true }],
    ['responseFormat', { tools, responseFormat: { type: 'json_object' } }],
    ['toolChoice', { tools, toolChoice: { type: 'function', function: { name: 'h' } } }],
    [
      'messages[0].content[0]',
      { messages: [{ role: 'user', content: [{ type: 'image_url', image_url: { url: '' } }] }] },
    ],
    [
      'continueFinalMessage',
      {
        messages: [...request().messages, { role: 'assistant', content: '{' }],
        continueFinalMessage: true,
        responseFormat: { type: 'json_object' },
      },
    ],
  ]
  for (const [param, over] of refused) {
    test(`is refused for ${param}: ${Object.keys(over)}`, () => {
      const isRight = (error: unknown) => error instanceof EngineUnsupportedError && error.param === param
      assert.throws(() => toChatRequest(request(over), TOOLS), isRight)
    })
  }
})

describe('an answer', () => {
  const chunk = (
    content: string,
    predicted_n: number,
    finish_reason: ChatChunk['choices'][0]['finish_reason'] = null,
  ) => ({
    choices: [{ delta: { content }, finish_reason }],
    timings: { cache_n: 3, prompt_n: 7, predicted_n },
  })
  const read = (chunks: ChatChunk[], stop: string[] = []) => {
    const events: EngineEvent[] = []
    const answer = createAnswer(stop, (event) => events.push(event))
    for (const each of chunks) answer.read(each)
    answer.finish()
    return events
  }
  const usage = (completionTokens: number) => ({ promptTokens: 10, completionTokens, cachedTokens: 3 })

  test('leaves out the end token', () => {
    assert.deepEqual(read([chunk('a', 1), chunk('b', 2), chunk('', 3, 'stop')]), [
      { type: 'delta', text: 'a', tokens: 1 },
      { type: 'delta', text: 'b', tokens: 1 },
      { type: 'done', finishReason: 'stop', usage: usage(2) },
    ])
  })

  test('that is cut has none', () => {
    assert.deepEqual(read([chunk('a', 1), chunk('', 1, 'length')]).at(-1), {
      type: 'done',
      finishReason: 'length',
      usage: usage(1),
    })
  })

  test('counts the tokens of half a character', () => {
    assert.deepEqual(read([chunk('', 1), chunk('é', 2), chunk('', 3, 'stop')]).slice(0, 2), [
      { type: 'delta', text: '', tokens: 1 },
      { type: 'delta', text: 'é', tokens: 1 },
    ])
  })

  test('ends before a stop text, and counts what it took to find it', () => {
    assert.deepEqual(read([chunk('one t', 1), chunk('wo', 2), chunk('three', 3)], ['two']), [
      { type: 'delta', text: 'one ', tokens: 1 },
      { type: 'delta', text: '', tokens: 1 },
      { type: 'done', finishReason: 'stop', usage: usage(2) },
    ])
  })

  test('puts tool calls together', () => {
    const piece = (tool_calls: ChatChunk['choices'][0]['delta']['tool_calls'], predicted_n: number): ChatChunk => ({
      choices: [{ delta: { tool_calls: tool_calls ?? [] }, finish_reason: null }],
      timings: { cache_n: 3, prompt_n: 7, predicted_n },
    })
    const events = read([
      piece([{ index: 0, id: 'a', function: { name: 'f', arguments: '{' } }], 4),
      piece([{ index: 0, function: { arguments: '}' } }], 5),
      piece([{ index: 1, id: 'b', function: { name: 'g', arguments: '{}' } }], 9),
      chunk('', 10, 'tool_calls'),
    ])
    assert.deepEqual(events.at(-1), {
      type: 'done',
      finishReason: 'tool_calls',
      usage: usage(9),
      toolCalls: [
        { id: 'a', type: 'function', function: { name: 'f', arguments: '{}' } },
        { id: 'b', type: 'function', function: { name: 'g', arguments: '{}' } },
      ],
    })
  })

  test('without an end is an error', () => {
    assert.throws(() => read([chunk('a', 1)]), { code: 'interrupted' })
  })
})

describe('failures', () => {
  const chat = toChatRequest(request(), {})

  /** As the package hands them to its logger. */
  const logged = (...said: unknown[]) => {
    const log = createLog(() => {})
    for (const what of said) log.logger.error(what)
    return log
  }
  const runtimeError = (message: string) => Object.assign(new Error(message), { name: 'RuntimeError' })
  const cases: [name: string, said: unknown[], thrown: unknown, accepted: boolean, code: string][] = [
    ['a refused request', ['no such type', new RangeError('length')], runtimeError('length'), false, 'unsupported'],
    ['an answer of no form', ['no call', new RangeError('length')], runtimeError('length'), true, 'generate_failed'],
    ['no memory', ['std::bad_alloc', new RangeError('length')], runtimeError('length'), true, 'out_of_memory'],
    ['a trap', ['half way', new Error('unreachable')], runtimeError('unreachable'), true, 'lost'],
    ['an abort', ['GGML_ASSERT'], runtimeError('(ABORT) native code'), true, 'lost'],
    ['a crash before', [], 'wllama has crashed, please reload the module', false, 'lost'],
    [
      'a long prompt',
      [],
      new Error('request (610 tokens) exceeds the available context size (512 tokens)'),
      true,
      'context_length_exceeded',
    ],
  ]
  for (const [name, said, thrown, accepted, code] of cases) {
    test(name, () => assert.equal(generateFailure(thrown, logged(...said), chat, accepted).code, code))
  }

  test('of a load by what was said', () => {
    const said = {
      "error loading model: unknown model architecture: 'x'": 'load_failed',
      'gguf_init_from_reader: invalid magic characters': 'invalid_files',
      "tensor 'a' data is not within the file bounds, model is corrupted or incomplete": 'invalid_files',
      'failed to initialize the context: std::bad_alloc': 'out_of_memory',
      'Aborted(OOM)': 'out_of_memory',
      'Aborted(CompileError: expected magic word)': 'worker_failed',
      'Worker error: ': 'worker_failed',
    }
    for (const [text, code] of Object.entries(said)) assert.equal(diagnose(text).code, code, text)
  })
})

describe('files', () => {
  const model = (source: Record<string, string>) => testModel({ source })
  const base = 'https://cdn.test/models'

  test('lie where the source says', () => {
    assert.deepEqual(urlsOf(model({ url: 'https://a.test/m.gguf?x=1' }), base), ['https://a.test/m.gguf?x=1'])
    assert.deepEqual(urlsOf(model({ url: 'v1/m.gguf' }), base), ['https://cdn.test/models/v1/m.gguf'])
    assert.deepEqual(urlsOf(model({ repo: 'o/r', file: 'm.gguf' }), base), ['https://cdn.test/models/o/r/m.gguf'])
  })

  test('come from the hub only when that is said', () => {
    const source = { repo: 'o/r', file: 'm.gguf', revision: 'v2' }
    assert.deepEqual(urlsOf(model(source), PEER_DEFAULT), ['https://huggingface.co/o/r/resolve/v2/m.gguf'])
    assert.throws(() => urlsOf(model(source), undefined), { code: 'misconfigured', message: /pass modelBaseURL/ })
    assert.throws(() => urlsOf(model({}), base), { code: 'misconfigured', message: /names no url/ })
  })

  test('may be several', () => {
    assert.deepEqual(urlsOf(model({ url: 'https://a.test/m-00001-of-00003.gguf?x' }), undefined), [
      'https://a.test/m-00001-of-00003.gguf?x',
      'https://a.test/m-00002-of-00003.gguf?x',
      'https://a.test/m-00003-of-00003.gguf?x',
    ])
  })
})

describe('the engine', () => {
  test('is not for insecure pages, nor for browsers that can store nothing', async () => {
    const engine = wllama({ wasmURL: '/wllama.wasm' })
    assert.equal(await engine.obstacle?.(), 'unavailable')
    Object.assign(globalThis, { isSecureContext: false })
    assert.equal(await engine.obstacle?.(), 'insecure_context')
    Reflect.deleteProperty(globalThis, 'isSecureContext')
  })

  test('hears when the GPU process crashes, until it has ended itself', async () => {
    const ending = new AbortController()
    const losses: string[] = []
    const device = { lost: Promise.withResolvers<{ message: string; reason: string }>(), destroyed: false }
    const adapter = {
      features: { has: () => true },
      limits: {},
      requestDevice: async () => ({
        lost: device.lost.promise,
        destroy() {
          device.destroyed = true
        },
      }),
    }
    const onLost = (message: string) => losses.push(message)
    await requireGPU(async () => adapter, testModel(), ending.signal, onLost)
    device.lost.resolve({ message: 'crash', reason: 'unknown' })
    await device.lost.promise
    assert.deepEqual(losses, ['the GPU device was lost: crash'])
    ending.abort()
    assert.ok(device.destroyed)
  })

  test('takes no adapter without half floats', async () => {
    const adapter = { features: { has: () => false }, limits: {} }
    const asked = requireGPU(
      async () => adapter,
      testModel(),
      new AbortController().signal,
      () => {},
    )
    await assert.rejects(asked, { code: 'insufficient_gpu' })
  })
})
