/** The ONNX host over a stand-in for the runtime: what it feeds, keeps, stores and makes of failures. */
import assert from 'node:assert/strict'
import { after, afterEach, beforeEach, describe, test } from 'node:test'
import { connect } from '../../src/engine/connect.ts'
import type { EngineEvent, EngineRequest } from '../../src/engine/engine.ts'
import { expose } from '../../src/engine/expose.ts'
import { createHost } from '../../src/engines/onnx/host.ts'
import type { HostConfig } from '../../src/engines/onnx/source.ts'
import { collect } from '../../src/testing/conformance.ts'
import type { ChatMessage, ModelInfo } from '../../src/wire.ts'
import { testModel } from './model.ts'
import type { FakeOptions } from './onnx-runtime.ts'
import { FakeTensor, fakePeers } from './onnx-runtime.ts'

const root = 'http://127.0.0.1/m/'
const config: HostConfig = { graphURL: `${root}onnx/model.onnx`, filesURL: root, device: 'wasm' }
const json = (value: unknown) => () => new Response(JSON.stringify(value))

/** What the server has, by path under the model's folder, */
let files: Record<string, () => Response>
/** and what the store has, by URL. */
let entries: Map<string, Response>
let asked: string[]

beforeEach(() => {
  entries = new Map()
  asked = []
  files = {
    'config.json': json({ num_hidden_layers: 2, max_position_embeddings: 2000, eos_token_id: 0 }),
    'tokenizer.json': json({}),
    'tokenizer_config.json': json({ chat_template: 'template' }),
    'onnx/model.onnx': () => new Response('graph'),
  }
  const cache = {
    match: async (url: string) => entries.get(url)?.clone(),
    put: async (url: string, response: Response) => void entries.set(url, response),
    delete: async (url: string) => entries.delete(url),
  }
  Object.assign(globalThis, { caches: { has: async () => true, open: async () => cache } })
  globalThis.fetch = async (input) => {
    const file = String(input).slice(root.length)
    asked.push(file)
    return files[file]?.() ?? new Response(null, { status: 404 })
  }
})
const { fetch } = globalThis
afterEach(() => {
  globalThis.fetch = fetch
  Reflect.deleteProperty(globalThis, 'caches')
})

/** The hosts', which would keep the process alive. */
const ports: MessagePort[] = []
globalThis.MessageChannel = class extends MessageChannel {
  constructor() {
    super()
    ports.push(this.port1)
  }
}
after(() => {
  for (const port of ports) port.close()
})

async function start(options: FakeOptions = {}, over: Partial<ModelInfo> = {}, more: Partial<HostConfig> = {}) {
  const { peers, runs } = fakePeers(options)
  const host = createHost(async () => ({ ...peers, ...options.peers }))
  const lost: string[] = []
  const { signal } = new AbortController()
  const onLost = (message: string) => void lost.push(message)
  await host.load(testModel({ contextWindow: 0, ...over }), { ...config, ...more }, { signal, onProgress() {}, onLost })
  const ask = async (
    messages: ChatMessage[],
    request: Partial<EngineRequest> = {},
    controller = new AbortController(),
  ) => {
    const events: EngineEvent[] = []
    const emit = (event: EngineEvent) => void events.push(event)
    const { signal } = controller
    await host.generate({ messages, maxTokens: 5, ...request }, { signal, emit, caughtUp: async () => {} })
    const done = events.at(-1)
    const text = events.map((event) => (event.type === 'delta' ? event.text : '')).join('')
    return { text, usage: done?.type === 'done' ? done.usage : undefined, signs: events.filter(isSignOfLife).length }
  }
  return { host, runs, lost, ask }
}

const isSignOfLife = (event: EngineEvent) => event.type === 'delta' && event.text === '' && event.tokens === 0
const user = (content: string): ChatMessage => ({ role: 'user', content })
const assistant = (content: string): ChatMessage => ({ role: 'assistant', content })

describe('the graph', () => {
  for (const type of ['float32', 'float16'] as const) {
    test(`gets what it asks for, over any conversation (${type})`, async () => {
      const inputs = ['attention_mask', 'position_ids', 'num_logits_to_keep']
      const { ask, runs, host } = await start({ type, inputs })
      const before = FakeTensor.live
      const chats = [
        [user('HELLO')],
        [user('HELLO'), assistant('YES'), user('WHY')],
        [user('HELLO'), assistant('YES'), user('WHAT')],
        [user('HELLO'), assistant('NO'), user('WHY')],
        [user('OTHER')],
        [user('OTHER')],
      ]
      const cached: (number | undefined)[] = []
      for (const chat of chats) {
        const warm = await ask(chat)
        cached.push(warm.usage?.cachedTokens)
        const cold = await start({ type })
        assert.equal(warm.text, (await cold.ask(chat)).text)
        await cold.host.unload()
      }
      const opening = 'user_HELLO^assistant_'.length
      assert.deepEqual(cached, [0, opening, opening, opening, 0, 0])
      for (const [i, { attention_mask, position_ids, num_logits_to_keep, ...rest }] of runs.feeds.entries()) {
        const size = runs.sizes[i] ?? 0
        const past = (rest['past_key_values.0.key']?.length ?? 0) / 6
        const positions = Array.from({ length: size }, (_, at) => BigInt(past + at))
        assert.deepEqual(position_ids, BigInt64Array.from(positions))
        assert.deepEqual(attention_mask, new BigInt64Array(past + size).fill(1n))
        assert.deepEqual(num_logits_to_keep, BigInt64Array.of(1n))
      }
      await host.unload()
      assert.equal(FakeTensor.live, before, 'nothing is left')
    })
  }

  test('gets a long prompt in pieces, and an abort is heard between them', async () => {
    const options: FakeOptions = {}
    const { ask, runs } = await start(options)
    const long = [user('X'.repeat(700))]
    const whole = await ask(long, { maxTokens: 1 })
    assert.deepEqual(runs.sizes, [256, 256, 204])
    assert.equal(whole.signs, 2, 'of life, one between two pieces')
    assert.deepEqual((await ask(long, { maxTokens: 1 })).usage, { ...whole.usage, cachedTokens: 512 })
    assert.deepEqual(runs.sizes, [256, 256, 204, 204])

    await ask([user('Y')], { maxTokens: 1 })
    const controller = new AbortController()
    options.onRun = () => controller.abort(new Error('enough'))
    runs.sizes.length = 0
    await assert.rejects(ask(long, {}, controller), { message: 'enough' })
    assert.deepEqual(runs.sizes, [256])
    delete options.onRun
    assert.equal((await ask(long, { maxTokens: 1 })).text, whole.text)
  })

  test('may take longer for a prompt than an answer may stall, as long as no piece does', async (t) => {
    t.mock.timers.enable({ apis: ['setTimeout'] })
    const { peers, runs } = fakePeers({
      async onRun() {
        // Both ends are on one thread here, and the page is to hear what was said.
        await new Promise(setImmediate)
        t.mock.timers.tick(10_000)
      },
    })
    const { port1, port2 } = new MessageChannel()
    expose(
      port2 as never,
      createHost(async () => peers),
    )
    const client = connect<HostConfig>(port1 as never, { stallMs: 40_000, heartbeatMs: 0 })
    await client.load(testModel({ contextWindow: 0 }), config)
    const { done, tokens } = await collect(
      { ...client, model: testModel() },
      { messages: [user('A'.repeat(1900))], maxTokens: 1 },
    )
    assert.deepEqual([runs.sizes.length, done.finishReason, tokens], [8, 'length', 1])
    client.close()
  })

  test('goes on with a text whose seam the tokenizer would swallow at the beginning of a text', async () => {
    const { text } = await (await start()).ask([user('X')])
    const begun = [user('X'), assistant('PQ')]
    const rest = await (await start()).ask(begun, { continueFinalMessage: true })
    /** As SentencePiece's do with a space. */
    const dropping = (first: string) => {
      const { Tokenizer } = fakePeers({}).peers
      return class extends Tokenizer {
        override decode = (ids: bigint[]) => {
          const all = String.fromCharCode(...ids.map((id) => Number(id) + 64))
          return all.startsWith(first) ? all.slice(1) : all
        }
      }
    }
    const alone = await start({ peers: { Tokenizer: dropping(text.slice(0, 1)) } })
    assert.equal((await alone.ask([user('X')])).text, text.slice(1))
    const going = await start({ peers: { Tokenizer: dropping(rest.text.slice(0, 1)) } })
    assert.equal((await going.ask(begun, { continueFinalMessage: true })).text, rest.text)
  })

  test('is not given what the template would drop', async () => {
    const { ask } = await start()
    await assert.rejects(ask([{ role: 'user', name: 'Bob', content: 'A' }]), { param: 'messages[0].name' })
    const refused: ChatMessage = { role: 'assistant', content: null, refusal: 'No.' }
    await assert.rejects(ask([user('A'), refused, user('B')]), { param: 'messages[1].refusal' })
  })

  test('never goes on from the tokens of an answer, which were run one by one', async () => {
    files['config.json'] = json({ num_hidden_layers: 2 })
    const { ask } = await start()
    const { text, usage } = await ask([user('X')], { maxTokens: 600 })
    assert.equal(text.length, 600)
    const next = await ask([user('X'), assistant(text), user('Y')])
    assert.equal(next.usage?.cachedTokens, usage?.promptTokens)
  })

  test('of another kind is refused', async () => {
    const cache = { name: 'past_key_values.0.key', type: 'float32', shape: ['b', 2, 'p', 3] }
    const ids = { name: 'input_ids', type: 'int64', shape: ['b', 's'] }
    for (const [metadata, what] of [
      [[ids], /no past_key_values/],
      [[cache], /no input_ids/],
      [[ids, cache, { name: 'use_cache_branch', type: 'bool', shape: [1] }], /use_cache_branch \(bool, \[1\]\)/],
      [[ids, { ...cache, shape: ['b', 2, 128, 3] }], /past_key_values\.0\.key as float32, \[b,2,128,3\]/],
      [[ids, { ...cache, type: 'int8' }], /as int8/],
      [[ids, { ...cache, shape: ['b', 'h', 'p', 'd'] }], /as float32/],
      [[{ ...ids, type: 'int32' }, cache], /input_ids \(int32/],
      [[ids, { ...cache, name: 'past_key_values.7.key' }], /no output present\.7\.key/],
    ] as const) {
      await assert.rejects(start({ metadata: [...metadata] }), (error: Error) => what.test(error.message))
    }
    assert.equal(entries.size, 0, 'nothing of it is stored')
  })
})

describe('the files', () => {
  const fails = async (code: string, message: RegExp, over: Partial<ModelInfo> = {}) =>
    assert.rejects(start({}, over), (error: Error & { code?: string }) => {
      assert.deepEqual([error.name, error.code], ['ModelLoadError', code], error.message)
      return message.test(error.message)
    })

  test('that may be missing are asked for once', async () => {
    files['generation_config.json'] = () =>
      new Response('<!doctype html>', { headers: { 'content-type': 'text/html' } })
    await start()
    assert.ok(asked.includes('generation_config.json') && !asked.includes('chat_template.jinja'))
    asked = []
    await start()
    assert.deepEqual(asked, [])
  })

  test('hold the chat template in one of three ways', async () => {
    files['tokenizer_config.json'] = json({})
    await fails('invalid_files', /no chat template/)
    files['chat_template.jinja'] = () => new Response('template')
    await start()
    files['tokenizer_config.json'] = json({ chat_template: [{ name: 'default', template: 'template' }] })
    entries.clear()
    asked = []
    await start()
    assert.ok(!asked.includes('chat_template.jinja'))
  })

  test('hold weights beside the graph', async () => {
    const counted = { use_external_data_format: { 'model.onnx': 2 } }
    files['config.json'] = json({ num_hidden_layers: 2, 'transformers.js_config': counted })
    await fails('model_not_found', /model\.onnx_data/)
    files['onnx/model.onnx_data'] = files['onnx/model.onnx_data_1'] = () => new Response('weights')
    await start()
    assert.ok(entries.has(`${root}onnx/model.onnx_data_1`))
  })

  test('that break off, or are no JSON, are told of and not stored', async () => {
    files['onnx/model.onnx'] = () => new Response('gra', { headers: { 'content-length': '5' } })
    await fails('invalid_files', /ended after 3 of 5 bytes/)
    files['onnx/model.onnx'] = () =>
      new Response('graph', { headers: { 'content-length': '9', 'content-encoding': 'br' } })
    files['tokenizer.json'] = () => new Response('{"version":')
    await fails('invalid_files', /tokenizer\.json can't be read/)
    assert.equal(entries.size, 0)
    files['tokenizer.json'] = json({})
    await start()
  })

  test('that went bad on disk are fetched again at the next load', async () => {
    await start()
    entries.set(`${root}config.json`, new Response('garbage'))
    await fails('invalid_files', /config\.json/)
    await start()
  })

  test('are told of when the server is overloaded, or the network gone', async () => {
    files['config.json'] = () => new Response(null, { status: 429 })
    await fails('download_failed', /answered with 429/)
    files['config.json'] = () => {
      throw new TypeError('Failed to fetch')
    }
    await fails('download_failed', /could not be fetched: Failed to fetch/)
  })

  test('may ask for what is not honoured', async () => {
    files['generation_config.json'] = json({ no_repeat_ngram_size: 3 })
    await fails('load_failed', /sets no_repeat_ngram_size/)
    assert.ok(!asked.includes('onnx/model.onnx'), 'and then cost no download')
    files['generation_config.json'] = json({
      no_repeat_ngram_size: 0,
      num_beams: 1,
      bad_words_ids: null,
      min_length: 0,
    })
    await start()
  })
})

describe('a failure of the runtime', () => {
  test('is a loss when WebAssembly has trapped, or the device is gone', async () => {
    const trap = await start({ error: new WebAssembly.RuntimeError('unreachable') })
    await assert.rejects(trap.ask([user('A')]), { name: 'EngineLostError', message: /crashed \(unreachable\)/ })

    const device = Promise.withResolvers<{ message: string; reason: string }>()
    Object.defineProperty(navigator, 'gpu', {
      configurable: true,
      value: { requestAdapter: async () => ({ features: new Set(), limits: {} }) },
    })
    const options: FakeOptions = { deviceLost: device.promise }
    const { ask, lost } = await start(options, {}, { device: 'webgpu' })
    await ask([user('A')])
    options.onRun = () => {
      // The run fails first, and the device's promise tells a little later.
      const tell = (hops: number): unknown =>
        hops ? queueMicrotask(() => tell(hops - 1)) : device.resolve({ message: '', reason: 'unknown' })
      tell(20)
      throw new Error('mapAsync failed')
    }
    await assert.rejects(ask([user('A')]), { name: 'EngineLostError', message: /GPU device was lost \(unknown\)/ })
    assert.deepEqual(lost, ['the GPU device was lost (unknown); load the model again'])
    Reflect.deleteProperty(navigator, 'gpu')
  })

  test('of another kind leaves the model usable', async () => {
    const options: FakeOptions = {}
    const { ask } = await start(options)
    const { text } = await ask([user('A')])
    options.error = new Error('std::bad_alloc')
    await assert.rejects(ask([user('A')]), { name: 'EngineError', code: 'out_of_memory' })
    options.error = new Error('no')
    await assert.rejects(ask([user('A')]), { name: 'EngineError', code: 'generate_failed' })
    delete options.error
    assert.deepEqual(await ask([user('A')]), {
      text,
      usage: { promptTokens: 17, completionTokens: 5, cachedTokens: 0 },
      signs: 0,
    })
  })
})
