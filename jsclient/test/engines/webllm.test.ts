/** The worker's side of the adapter in Node: its parts, and the whole over the real `@mlc-ai/web-llm`. */
import assert from 'node:assert/strict'
import { afterEach, beforeEach, describe, test } from 'node:test'
import * as webllm from '@mlc-ai/web-llm'
import type { EngineEvent, EngineRequest, LoadProgress } from '../../src/engine/engine.ts'
import { PEER_DEFAULT } from '../../src/engine/peer-default.ts'
import type { DeviceFacts } from '../../src/engine/webgpu.ts'
import { failureOf } from '../../src/engines/webllm/failure.ts'
import { createHost } from '../../src/engines/webllm/host.ts'
import type { AppConfig, MLCEngineConfig, WebLLMPeer } from '../../src/engines/webllm/peer.ts'
import { createMeter } from '../../src/engines/webllm/progress.ts'
import { resolveRecord } from '../../src/engines/webllm/record.ts'
import { toChatRequest } from '../../src/engines/webllm/request.ts'
import { folderOf, type HostConfig } from '../../src/engines/webllm/source.ts'
import { isCached } from '../../src/engines/webllm/store.ts'
import type { ChatMessage, ModelInfo } from '../../src/wire.ts'
import { testModel } from './model.ts'
import type { MLCEngineClass } from './webllm-pipeline.ts'
import { pipelinePeer, ScriptedPipeline } from './webllm-pipeline.ts'
import type { Script } from './webllm-script.ts'
import { ScriptedWorker, scriptedPeer } from './webllm-script.ts'

const peer = webllm as unknown as WebLLMPeer & { MLCEngine: MLCEngineClass; CreateWebWorkerMLCEngine: never }
const tokens = ['Hel', 'lo', ' wor', 'ld', '!']
const base = 'http://127.0.0.1:9/app/'
const config: HostConfig = { baseURL: base, appConfig: {} }
const model = testModel({
  id: 'tiny-mlc',
  framework: 'webllm',
  source: { modelId: 'Tiny-q4f16_1-MLC', modelURL: '/tiny', modelLib: 'tiny.wasm' },
})
const hermes = testModel({ ...model, source: { ...model.source, modelId: 'Hermes-3-Llama-3.1-8B-q4f16_1-MLC' } })
const request: EngineRequest = { messages: [{ role: 'user', content: 'greet' }], maxTokens: 64 }

/** What an adapter would offer; SwiftShader and most GPUs offer no less, but for the feature. */
function adapter(over: { features?: string[]; limits?: object; requestDevice?: () => Promise<DeviceFacts> } = {}) {
  return {
    features: new Set(over.features ?? ['shader-f16']),
    limits: {
      maxBufferSize: 2 ** 30,
      maxStorageBufferBindingSize: 2 ** 30,
      maxStorageBuffersPerShaderStage: 10,
      maxComputeWorkgroupStorageSize: 32768,
      ...over.limits,
    },
    ...(over.requestDevice && { requestDevice: over.requestDevice }),
  }
}

let gpu: ReturnType<typeof adapter> | null
beforeEach(() => {
  gpu = adapter()
  Object.defineProperty(navigator, 'gpu', { value: { requestAdapter: async () => gpu }, configurable: true })
  Object.assign(globalThis, {
    Cache: class {
      add() {}
      match() {}
    },
  })
})
afterEach(() => {
  Reflect.deleteProperty(navigator, 'gpu')
  Reflect.deleteProperty(globalThis, 'Cache')
})

/** A host over the real package. */
function hostOver(scripted: WebLLMPeer) {
  const lost: string[] = []
  let imports = 0
  const host = createHost(async () => {
    imports++
    return scripted
  })
  const load = (info: ModelInfo = model, over: Partial<HostConfig> = {}) =>
    host.load(
      info,
      { ...config, ...over },
      {
        signal: new AbortController().signal,
        onProgress: () => {},
        onLost: (message) => lost.push(message),
      },
    )
  const answer = async (over: Partial<EngineRequest> = {}) => {
    const events: EngineEvent[] = []
    const { signal } = new AbortController()
    await host.generate(
      { ...request, ...over },
      { signal, emit: (event) => events.push(event), caughtUp: async () => {} },
    )
    const done = events.at(-1)
    assert.equal(done?.type, 'done')
    const text = events.map((event) => (event.type === 'delta' ? event.text : '')).join('')
    return { text, done: done as Extract<EngineEvent, { type: 'done' }> }
  }
  return { host, load, answer, lost, imports: () => imports }
}

function overWorker(script: Partial<Script> = {}) {
  const worker = new ScriptedWorker({ tokens, ...script })
  return { worker, ...hostOver(scriptedPeer(peer, worker)) }
}

function overPipeline(says = tokens) {
  const pipeline = new ScriptedPipeline(says)
  return { pipeline, ...hostOver(pipelinePeer(peer, pipeline, false)) }
}

describe('before anything is downloaded', () => {
  const cases: [string, typeof gpu, string][] = [
    ['no adapter', null, 'no_webgpu'],
    ['no shader-f16 for a q4f16 model', adapter({ features: [] }), 'insufficient_gpu'],
    ['small buffers', adapter({ limits: { maxBufferSize: 2 ** 27 } }), 'insufficient_gpu'],
    ['few buffers', adapter({ limits: { maxStorageBuffersPerShaderStage: 8 } }), 'insufficient_gpu'],
  ]
  for (const [name, facts, code] of cases) {
    test(`${name}: not even the package`, async () => {
      gpu = facts
      const { load, imports } = overWorker()
      await assert.rejects(load(), { name: 'ModelLoadError', code, stage: 'load', modelId: 'tiny-mlc' })
      assert.equal(imports(), 0)
    })
  }

  test("the model's own minimum counts", async () => {
    const big = { ...model, requires: { minBufferBytes: 2 ** 31 } }
    await assert.rejects(overWorker().load(big), { code: 'insufficient_gpu', message: /maxBufferSize/ })
  })
})

describe('a record', () => {
  const prebuilt = webllm.prebuiltAppConfig as AppConfig
  const publicModel = testModel({ source: { modelId: 'SmolLM2-360M-Instruct-q4f16_1-MLC' } })

  test("is made of the registry's URLs, which may be relative to the page", () => {
    const { record, appConfig } = resolveRecord({ ...model, requires: { features: ['shader-f16'] } }, config, prebuilt)
    assert.deepEqual(record, {
      model: 'http://127.0.0.1:9/tiny',
      model_id: 'Tiny-q4f16_1-MLC',
      model_lib: 'http://127.0.0.1:9/app/tiny.wasm',
      required_features: ['shader-f16'],
    })
    assert.deepEqual(appConfig.model_list, [record])
  })

  test("is the app's, with its store", () => {
    const own = { model: 'own', model_id: 'own', model_lib: '/own.wasm', overrides: { context_window_size: 9 } }
    const app = { model_list: [own], cacheBackend: 'opfs' as const }
    const { record, appConfig } = resolveRecord(testModel({ id: 'own' }), { ...config, appConfig: app }, prebuilt)
    assert.deepEqual(record, { ...own, model: `${base}own`, model_lib: 'http://127.0.0.1:9/own.wasm' })
    assert.equal(appConfig.cacheBackend, 'opfs')
  })

  test("is the package's, on public hosts, only when the app says so", () => {
    assert.throws(() => resolveRecord(publicModel, config, prebuilt), {
      code: 'misconfigured',
      message: /peer-default/,
    })
    const { record } = resolveRecord(publicModel, { ...config, appConfig: PEER_DEFAULT }, prebuilt)
    assert.match(record.model, /^https:\/\/huggingface\.co\//)
    const unknown = testModel({ id: 'nobody-knows' })
    assert.throws(() => resolveRecord(unknown, config, prebuilt), { code: 'model_not_found', modelId: 'nobody-knows' })
  })

  test('has the checksums that the registry lists, as the package wants them', () => {
    const hex = '00ff'.repeat(16)
    const sri = `sha256-${Buffer.from(hex, 'hex').toString('base64')}`
    const listed = {
      sha256: { 'mlc-chat-config.json': hex, 'tiny.wasm': hex, 'tokenizer.json': hex, 'params_shard_0.bin': hex },
      integrity: { 'tokenizer.json': 'sha384-x' },
    }
    const { record } = resolveRecord({ ...model, ...listed }, config, prebuilt)
    assert.deepEqual(record.integrity, { config: sri, model_lib: sri, tokenizer: { 'tokenizer.json': 'sha384-x' } })
  })
})

describe('a status', () => {
  afterEach(() => void Reflect.deleteProperty(globalThis, 'caches'))

  /** Puts weights of two files into WebLLM's store. */
  function stubCaches(folder: string, shards: string[]): void {
    const manifest = { records: [{ dataPath: 'a.bin' }, { dataPath: 'b.bin' }] }
    const cache = {
      keys: async () => ['tensor-cache.json', ...shards].map((file) => ({ url: folder + file })),
      match: async (url: string) => {
        const file = url.slice(folder.length)
        return file === 'tensor-cache.json' || shards.includes(file) ? Response.json(manifest) : undefined
      },
    }
    Object.assign(globalThis, {
      caches: { has: async (name: string) => name === 'webllm/model', open: async () => cache },
    })
  }

  test('needs all of the weights', async () => {
    stubCaches('http://127.0.0.1:9/tiny/resolve/main/', ['a.bin', 'b.bin'])
    assert.equal(await isCached(model, config), true)
    assert.equal(await isCached(testModel({ id: 'other' }), config), false)
    stubCaches('http://127.0.0.1:9/tiny/resolve/main/', ['a.bin'])
    assert.equal(await isCached(model, config), false)
  })

  test("finds each of the package's own models by its id", async () => {
    const wrong: string[] = []
    for (const { model_id, model: url, model_type } of webllm.prebuiltAppConfig.model_list) {
      if (model_type === 1) continue // No chat model.
      stubCaches(folderOf(url, base), ['a.bin', 'b.bin'])
      if (!(await isCached(testModel({ id: model_id }), { ...config, appConfig: PEER_DEFAULT }))) wrong.push(model_id)
    }
    assert.deepEqual(wrong, [])
  })
})

describe('a request', () => {
  const plain = { modelId: 'Tiny', callsTools: false }
  const tools = [{ type: 'function', function: { name: 'f' } }] as const
  const user = { role: 'user', content: 'x' } as const
  const call = { id: 'c', type: 'function', function: { name: 'f', arguments: '{"a":1}' } } as const

  test("is put into WebLLM's words", () => {
    const chat = toChatRequest(
      {
        messages: [
          { role: 'developer', content: 'be brief' },
          { role: 'user', content: ['a', 'b'].map((text) => ({ type: 'text', text })) },
        ],
        maxTokens: 9,
        temperature: 0.5,
        topP: 0.9,
        seed: 7,
        stop: ['never sent'],
        responseFormat: { type: 'json_schema', json_schema: { name: 's', schema: { type: 'array' } } },
      },
      plain,
    )
    assert.deepEqual(chat, {
      stream: true,
      stream_options: { include_usage: true },
      messages: [
        { role: 'system', content: 'be brief' },
        { role: 'user', content: 'ab' },
      ],
      max_tokens: 9,
      temperature: 0.5,
      top_p: 0.9,
      seed: 7,
      response_format: { type: 'json_object', schema: '{"type":"array"}' },
    })
  })

  test('for JSON always has a schema: without one the package fails', () => {
    const chat = toChatRequest({ ...request, responseFormat: { type: 'json_object' } }, plain)
    assert.deepEqual(chat.response_format, { type: 'json_object', schema: '{"type":"object"}' })
  })

  test('with past tool calls has them as the model wrote them', () => {
    const messages: ChatMessage[] = [
      user,
      {
        role: 'assistant',
        content: null,
        tool_calls: [call, { ...call, function: { name: 'g', arguments: 'no JSON' } }],
      },
      { role: 'tool', content: '4', tool_call_id: 'c' },
      { role: 'assistant', content: 'And again.', tool_calls: [call] },
      { role: 'tool', content: '5', tool_call_id: 'c' },
    ]
    assert.deepEqual(toChatRequest({ messages, maxTokens: 9 }, { ...plain, callsTools: true }).messages.slice(1), [
      { role: 'assistant', content: '[{"arguments":{"a":1},"name":"f"},{"arguments":"no JSON","name":"g"}]' },
      { role: 'tool', content: '4', tool_call_id: 'c' },
      { role: 'assistant', content: 'And again.\n[{"arguments":{"a":1},"name":"f"}]' },
      { role: 'tool', content: '5', tool_call_id: 'c' },
    ])
  })

  const refused: [string, Partial<EngineRequest>, string, boolean?][] = [
    ['no message', { messages: [] }, 'messages'],
    ['a late system message', { messages: [user, { role: 'system', content: 'late' }, user] }, 'messages[1]'],
    ['a beginning of an answer', { messages: [user, { role: 'assistant', content: 'half' }] }, 'messages'],
    ['continueFinalMessage', { continueFinalMessage: true }, 'continueFinalMessage'],
    ['a name', { messages: [{ ...user, name: 'Ann' }] }, 'messages[0].name'],
    [
      'an image',
      { messages: [{ role: 'user', content: [{ type: 'image_url', image_url: { url: '' } }] }] },
      'messages[0].content[0]',
    ],
    ['tools of a model that calls none', { tools: [...tools] }, 'tools'],
    [
      'past calls of such a model',
      { messages: [user, { role: 'assistant', tool_calls: [call] }, user] },
      'messages[1]',
    ],
    ['a tool message of such a model', { messages: [{ role: 'tool', content: '', tool_call_id: 'c' }] }, 'messages[0]'],
    ['a forced tool', { tools: [...tools], toolChoice: 'required' }, 'toolChoice', true],
    ['a forced tool and none', { toolChoice: 'required' }, 'toolChoice', true],
    ['a refusal', { messages: [{ role: 'assistant', content: null, refusal: 'No.' }, user] }, 'messages[0].refusal'],
    [
      'tools and a system message',
      { tools: [...tools], messages: [{ role: 'system', content: 's' }, user] },
      'messages[0]',
      true,
    ],
    ['tools and a format', { tools: [...tools], responseFormat: { type: 'json_object' } }, 'responseFormat', true],
  ]
  for (const [what, over, param, callsTools = false] of refused) {
    test(`with ${what} is refused`, () => {
      const error = { name: 'EngineUnsupportedError', param }
      assert.throws(() => toChatRequest({ ...request, ...over }, { ...plain, callsTools }), error)
    })
  }

  test('is accepted by the package in all its forms', async () => {
    const { load, answer } = overPipeline()
    await load()
    const forms: Partial<EngineRequest>[] = [
      { temperature: 0, topP: 0.1, seed: 1, stop: ['z'] },
      { responseFormat: { type: 'json_object' } },
      { messages: [{ role: 'system', content: 's' }, user, { role: 'assistant', content: null }, user] },
    ]
    for (const form of forms) assert.equal((await answer(form)).text, 'Hello world!')
  })
})

describe('an answer', () => {
  test('is counted without its end token', async () => {
    const { load, answer } = overPipeline()
    await load()
    const { done } = await answer()
    assert.deepEqual([done.finishReason, done.usage.completionTokens], ['stop', tokens.length])
  })

  test('of a second turn counts its whole prompt, and reads what a fresh engine reads', async () => {
    const warm = overPipeline()
    const cold = overPipeline()
    await Promise.all([warm.load(), cold.load()])
    const { text } = await warm.answer()
    const messages: ChatMessage[] = [...request.messages, { role: 'assistant', content: text }, ...request.messages]
    const [one, other] = [await warm.answer({ messages }), await cold.answer({ messages })]
    assert.deepEqual(warm.pipeline.read, cold.pipeline.read)
    assert.deepEqual(one.done.usage, other.done.usage)
  })

  test('would lose both if WebLLM kept its cache, which is why it may not', async () => {
    // Fails when the package mends that: then keep the cache, count what is cached, and declare prefixCache.
    const read: string[][] = []
    const counts: number[] = []
    for (const resets of [true, false]) {
      const pipeline = new ScriptedPipeline(tokens)
      const engine = await pipelinePeer(peer, pipeline, false).CreateMLCEngine('id', {} as MLCEngineConfig)
      const ask = async (messages: { role: string; content: string }[]) => {
        if (resets) await engine.resetChat(false, 'id')
        const chat = { stream: true, stream_options: { include_usage: true }, max_tokens: 64, messages } as const
        for await (const { usage } of await engine.chat.completions.create(chat)) counts.push(usage?.prompt_tokens ?? 0)
      }
      const user = { role: 'user', content: 'greet' }
      await ask([user])
      counts.length = 0
      await ask([user, { role: 'assistant', content: tokens.join('') }, user])
      read.push([...pipeline.read, String(counts.at(-1))])
    }
    const [fresh = [], kept = []] = read.map((all) => all.slice(0, -1))
    const ends = (all: string[]) => all.filter((token) => token === '<|im_end|>').length
    assert.equal(ends(fresh) - ends(kept), 1, 'the end of its own turn is missing')
    assert.ok(Number(read[1]?.at(-1)) < Number(read[0]?.at(-1)), 'the prompt seems shorter')
  })

  test('by tools is whole calls, and their text is not shown', async () => {
    const { load, answer } = overPipeline([
      '[{"name": "f", ',
      '"arguments": {"a": 1}}, ',
      '{"name": "g", "arguments": {}}]',
    ])
    await load(hermes)
    const { text, done } = await answer({ tools: [{ type: 'function', function: { name: 'f' } }] })
    assert.deepEqual([text, done.finishReason, done.usage.completionTokens], ['', 'tool_calls', 3])
    assert.deepEqual(
      done.toolCalls?.map((call) => call.function),
      [
        { name: 'f', arguments: '{"a":1}' },
        { name: 'g', arguments: '{}' },
      ],
    )
    assert.equal(new Set(done.toolCalls?.map((call) => call.id)).size, 2)
  })

  const cutOff: [string, Partial<EngineRequest>, string, string, number][] = [
    ['the limit', { maxTokens: 2 }, '[{"name": "f", "arguments": {"a": 1}}, ', 'length', 2],
    ['a stop', { stop: [' {"a"'] }, '[{"name": "f", "arguments":', 'stop', 2],
  ]
  for (const [what, over, written, finishReason, count] of cutOff) {
    test(`by tools that ${what} cuts off is text, as no call came of it`, async () => {
      const { load, answer } = overPipeline(['[{"name": "f", ', '"arguments": {"a": 1}}, ', '{"name": "g"', '}]'])
      await load(hermes)
      const { text, done } = await answer({ tools: [{ type: 'function', function: { name: 'f' } }], ...over })
      assert.deepEqual([text, done.finishReason, done.toolCalls], [written, finishReason, undefined])
      assert.ok(done.usage.completionTokens >= count)
    })
  }

  test('that is no longer wanted is read to its end, never left', async () => {
    const { worker, load, answer } = overWorker()
    await load()
    assert.equal((await answer({ stop: ['lo'] })).text, 'Hel')
    const kinds = worker.received.map(({ kind }) => kind)
    assert.ok(kinds.includes('interruptGenerate'))
    assert.ok(!kinds.includes('completionStreamReturn'))
  })

  test('that somebody else interrupts fails', async () => {
    const { worker, load, answer } = overWorker({ staleAbort: true })
    await load()
    const { onmessage } = worker
    worker.onmessage = function (event) {
      if (event.data.uuid !== 'nobody') onmessage?.call(this, event)
    }
    worker.postMessage({ kind: 'interruptGenerate', uuid: 'nobody', content: null })
    await assert.rejects(answer(), { name: 'EngineError', code: 'interrupted' })
  })
})

describe('a failure', () => {
  const loads: [string, string][] = [
    ['ModelNotFoundError: Cannot find model record in appConfig', 'model_not_found'],
    ["TypeError: Failed to execute 'add' on 'Cache': Request failed", 'download_failed'],
    ['DeviceLostError: The WebGPU device was lost while loading the model.', 'out_of_memory'],
    ['ShaderF16SupportError: This model requires WebGPU extension shader-f16', 'insufficient_gpu'],
    ['QuotaExceededError: Quota exceeded.', 'quota_exceeded'],
    ['LinkError: WebAssembly.instantiate(): Import #0', 'invalid_files'],
    ['CompileError: it violates the following Content Security policy directive', 'misconfigured'],
    ['IntegrityError: Integrity verification failed for x', 'invalid_files'],
    ['RangeError: Array buffer allocation failed', 'out_of_memory'],
    ['Error: who knows', 'load_failed'],
  ]
  for (const [thrown, code] of loads) {
    test(`to load: ${thrown.slice(0, 40)}`, async () => {
      const { load } = overWorker({ fail: { reload: thrown } })
      await assert.rejects(load(), { name: 'ModelLoadError', code, stage: 'load' })
    })
  }

  test('to load because the GPU was lost meanwhile', async () => {
    const { load } = overWorker({ fail: { reload: 'Engine.unload() is called.' } })
    await assert.rejects(load(), { code: 'lost', stage: 'load' })
  })

  test('to load that looks like a success', async () => {
    await assert.rejects(overWorker({ reloadsNothing: true }).load(), { name: 'ModelLoadError', code: 'not_loaded' })
  })

  const answers: [string, string, string][] = [
    ['ContextWindowSizeExceededError: Prompt tokens exceed', 'EngineError', 'context_length_exceeded'],
    ['Error: Object has already been disposed', 'EngineLostError', 'lost'],
    ['ModelNotLoadedError: Model not loaded before', 'EngineLostError', 'lost'],
    ['GrammarMatcherInitError: Failed to initialize', 'EngineUnsupportedError', 'unsupported'],
    ['SyntaxError: who knows', 'EngineError', 'generate_failed'],
  ]
  for (const [thrown, name, code] of answers) {
    test(`to answer: ${thrown}`, async () => {
      const { load, answer } = overWorker({ fail: { completionStreamNextChunk: thrown } })
      await load()
      await assert.rejects(answer(), { name, code, stage: 'generate' })
    })
  }

  test('that can be helped says how', () => {
    for (const name of ['ModelNotFoundError', 'IntegrityError', 'QuotaExceededError', 'NetworkError']) {
      assert.ok(failureOf(`${name}: x`, 'load').message.length > `${name}: x`.length + 20, name)
    }
  })

  test('of the GPU, heard by the sentinel, is a loss', async () => {
    let lose: (info: { message: string; reason: string }) => void = () => {}
    let destroyed = 0
    gpu = adapter({
      requestDevice: async () => ({
        lost: new Promise((resolve) => {
          lose = resolve
        }),
        destroy: () => {
          destroyed++
        },
      }),
    })
    const { host, load, lost } = overWorker()
    await load()
    lose({ message: 'gpu process crashed', reason: 'unknown' })
    await new Promise((resolve) => setImmediate(resolve))
    assert.deepEqual(lost, ['the GPU device was lost (gpu process crashed); load the model again'])
    await host.unload()
    assert.equal(destroyed, 1)
  })
})

describe('progress', () => {
  test('is of bytes while they come, and of WebLLM after that', (t) => {
    t.mock.timers.enable({ apis: ['Date', 'setTimeout'] })
    const seen: LoadProgress[] = []
    const meter = createMeter((report) => seen.push(report), 1000)
    meter.received(100)
    meter.expect(900)
    meter.phase({ progress: 1, text: 'Fetching param cache[1/2]' })
    meter.received(900)
    meter.phase({ progress: 0.5, text: 'Loading model from cache[1/2]' })
    meter.phase({ progress: 1, text: 'Finish loading on WebGPU' })
    meter.finish()
    const [first, whole] = seen
    assert.deepEqual(first, { stage: 'download', progress: 0.085, loadedBytes: 100 })
    assert.deepEqual(whole, { stage: 'download', progress: 0.85, loadedBytes: 1000, totalBytes: 1000 })
    assert.deepEqual(seen.at(-1), { stage: 'load', progress: 1 })
    assert.ok(seen.slice(0, -1).every(({ progress }) => progress < 1))
  })

  test('is of what WebLLM says where no bytes are seen', () => {
    const seen: LoadProgress[] = []
    const meter = createMeter((report) => seen.push(report), 0)
    meter.phase({ progress: 0.5, text: 'Fetching param cache[1/2]' })
    meter.phase({ progress: 0.5, text: 'Loading GPU shader modules[20/40]' })
    assert.deepEqual(seen, [
      { stage: 'download', progress: 0.425 },
      { stage: 'load', progress: 0.925 },
    ])
  })
})
