/** The adapter's parts that need no browser. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import type { EngineEvent, EngineRequest } from '../../src/engine/engine.ts'
import { createAnswer } from '../../src/engines/wllama/answer.ts'
import { diagnose, generateFailure } from '../../src/engines/wllama/failure.ts'
import { requireGPU } from '../../src/engines/wllama/gpu.ts'
import { PEER_DEFAULT, wllama } from '../../src/engines/wllama/index.ts'
import { startInstance } from '../../src/engines/wllama/instance.ts'
import { createLog } from '../../src/engines/wllama/log.ts'
import { createMemory } from '../../src/engines/wllama/memory.ts'
import type { ChatChunk, WllamaPeer } from '../../src/engines/wllama/peer.ts'
import { toChatRequest } from '../../src/engines/wllama/request.ts'
import { filesOf } from '../../src/engines/wllama/source.ts'
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
    ['without wishes is greedy', {}, { temperature: 0, top_k: undefined }],
    ['at temperature 0', { temperature: 0 }, { temperature: 0 }],
    ['filters nothing unasked', { temperature: 1 }, { temperature: 1, top_k: 0, top_p: 1, min_p: 0 }],
    ['takes a nucleus', { topP: 0.5 }, { temperature: 0, top_p: 0.5, top_k: 0, min_p: 0 }],
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

  test("leaves the temperature to the model's file, where that names one", () => {
    assert.equal(toChatRequest(request(), { 'general.sampling.temp': '0.6' }).temperature, undefined)
  })

  const refused: [param: string, over: Partial<EngineRequest>][] = [
    ['messages', { messages: [] }],
    ['continueFinalMessage', { continueFinalMessage: true }],
    ['messages[0].name', { messages: [{ role: 'user', content: 'Hello!', name: 'Ann' }] }],
    ['toolChoice', { toolChoice: 'required' }],
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
    ['no memory at once', ['failed to allocate buffers: out of memory'], new Error('boom'), false, 'out_of_memory'],
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
    test(name, () => {
      const error = generateFailure(thrown, logged(...said), chat, accepted)
      assert.equal(error.code, code)
      if (code !== 'unsupported') assert.match(error.message, /shorten|load the model anew/, 'says what to do')
    })
  }

  test('of a load by what was said', () => {
    const said = {
      "error loading model: unknown model architecture: 'x'": 'load_failed',
      'error loading model vocabulary: cannot find tokenizer merges in model file': 'load_failed',
      'gguf_init_from_reader: invalid magic characters': 'invalid_files',
      "tensor 'a' data is not within the file bounds, model is corrupted or incomplete": 'invalid_files',
      'failed to initialize the context: std::bad_alloc': 'out_of_memory',
      'Aborted(OOM)': 'out_of_memory',
      'Worker error: Uncaught RangeError: Array buffer allocation failed': 'out_of_memory',
      'gguf_init_from_reader: encountered bad_alloc error while reading key 3': 'invalid_files',
      'Aborted(CompileError: expected magic word)': 'worker_failed',
      'Worker error: ': 'worker_failed',
    }
    for (const [text, code] of Object.entries(said)) assert.equal(diagnose(text).code, code, text)
    assert.match(diagnose('anything').advice, /load again/)
  })
})

describe('files', () => {
  const model = (source: Record<string, string>) => testModel({ source })
  const base = 'https://cdn.test/models'
  const urls = (...args: Parameters<typeof filesOf>) => filesOf(...args).map(({ url }) => url)

  test('lie where the source says', () => {
    assert.deepEqual(urls(model({ url: 'https://a.test/m.gguf?x=1' }), base), ['https://a.test/m.gguf?x=1'])
    assert.deepEqual(urls(model({ url: 'v1/m.gguf' }), base), ['https://cdn.test/models/v1/m.gguf'])
    assert.deepEqual(urls(model({ repo: 'o/r', file: 'm.gguf' }), base), ['https://cdn.test/models/o/r/m.gguf'])
  })

  test('come from the hub only when that is said', () => {
    const source = { repo: 'o/r', file: 'm.gguf', revision: 'v2' }
    assert.deepEqual(urls(model(source), PEER_DEFAULT), ['https://huggingface.co/o/r/resolve/v2/m.gguf'])
    assert.throws(() => urls(model(source), undefined), { code: 'misconfigured', message: /pass modelBaseURL/ })
    assert.throws(() => urls(model({}), base), { code: 'misconfigured', message: /names no url/ })
  })

  test('have the checksums of their names, or of their paths in a repository', () => {
    const checksums = (over: Parameters<typeof testModel>[0]) => filesOf(testModel(over), base).map((f) => f.checksums)
    const url = 'https://a.test/m-00001-of-00002.gguf'
    const integrity = { 'm-00002-of-00002.gguf': 'sha256-b' }
    assert.deepEqual(checksums({ source: { url }, integrity }), ['', 'sha256-b'])
    const source = { repo: 'o/r', file: 'q8/m.gguf' }
    assert.deepEqual(checksums({ source, integrity: { 'q8/m.gguf': 'sha256-c' } }), ['sha256-c'])
  })

  test('may be several', () => {
    assert.deepEqual(urls(model({ url: 'https://a.test/m-00001-of-00003.gguf?x' }), undefined), [
      'https://a.test/m-00001-of-00003.gguf?x',
      'https://a.test/m-00002-of-00003.gguf?x',
      'https://a.test/m-00003-of-00003.gguf?x',
    ])
  })
})

describe('what llama.cpp saves', () => {
  const answer = (cache_n: number, prompt_n: number) => ({ cache_n, prompt_n, predicted_n: 20 })

  test('grows with unrelated prompts', () => {
    const memory = createMemory(100)
    let answers = 0
    for (; !memory.isFull; answers++) memory.note(answer(0, 80))
    assert.equal(answers, 6, 'the last one is held, the others were saved: more than four windows')
  })

  test('does not grow with a chat', () => {
    const memory = createMemory(100)
    for (let turn = 0; turn < 100; turn++) memory.note(answer(50, 10))
    assert.equal(memory.isFull, false)
  })
})

describe('an instance that is ended while it starts', () => {
  /** The real package, in front of workers that say nothing. */
  const start = async (abort: (controller: AbortController) => void) => {
    const workers: { isAlive: boolean }[] = []
    class SilentWorker {
      isAlive = true
      constructor() {
        workers.push(this)
      }
      postMessage() {}
      terminate() {
        this.isAlive = false
      }
    }
    const globals = { Worker: SilentWorker, self: globalThis, location: { href: 'http://page.test/' } }
    Object.assign(globalThis, globals)
    Object.defineProperty(navigator, 'storage', { value: { getDirectory: async () => ({}) }, configurable: true })
    try {
      const controller = new AbortController()
      const peer = (await import('@wllama/wllama/esm/index.js')) as unknown as WllamaPeer
      const config = { files: [], wasmURL: 'http://page.test/w.wasm', gpuLayers: 0 }
      const options = { signal: controller.signal, onLost: () => assert.fail() }
      const starting = startInstance(peer, testModel(), [new File(['GGUF12345'], 'a.gguf')], config, options)
      abort(controller)
      await assert.rejects(starting, { name: 'AbortError' })
      // All that a worker may still come of.
      await sleep(100)
      return workers
    } finally {
      for (const name of Object.keys(globals)) Reflect.deleteProperty(globalThis, name)
      Reflect.deleteProperty(navigator, 'storage')
    }
  }

  for (const turns of [0, 1, 2, 4, 6, 8, 10, 14, 20]) {
    test(`leaves no worker after ${turns} microtasks`, async () => {
      const workers = await start(async (controller) => {
        for (let i = 0; i < turns; i++) await null
        controller.abort()
      })
      assert.ok(workers.every(({ isAlive }) => !isAlive))
    })
  }

  test('leaves no worker once that was made', async () => {
    const workers = await start((controller) => setTimeout(() => controller.abort(), 50))
    assert.deepEqual(
      workers.map(({ isAlive }) => isAlive),
      [false],
    )
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
