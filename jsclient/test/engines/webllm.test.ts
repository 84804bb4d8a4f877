/** The adapter against the real `@mlc-ai/web-llm`, whose worker follows a script. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { Engine, EngineRequest, LoadedModel } from '../../src/engine/engine.ts'
import { MAX_TOKENS_AHEAD } from '../../src/engine/protocol.ts'
import type { AdapterFacts } from '../../src/engine/webgpu.ts'
import type { WebLLMOptions } from '../../src/engines/webllm/index.ts'
import { webllm } from '../../src/engines/webllm/index.ts'
import { isEngineLostError } from '../../src/errors/engine-lost-error.ts'
import { collect, engineChecks } from '../../src/testing/conformance.ts'
import { testModel } from './model.ts'
import type { Script } from './webllm-script.ts'
import { ScriptedWorker } from './webllm-script.ts'

const tokens = Array.from({ length: 20 }, (_, i) => `w${i}${i % 3 === 0 ? 'a b' : ' '}`)
const model = testModel({
  id: 'tiny-mlc',
  framework: 'webllm',
  source: {
    modelId: 'Tiny-q4f16_1-MLC',
    modelURL: 'http://127.0.0.1:9/tiny',
    modelLib: 'http://127.0.0.1:9/tiny.wasm',
  },
})
const request: EngineRequest = { messages: [{ role: 'user', content: 'count' }], maxTokens: 64, temperature: 0 }

function adapter(over: { features?: string[]; limits?: Partial<AdapterFacts['limits']> } = {}): AdapterFacts {
  return {
    features: new Set(over.features ?? ['shader-f16']),
    limits: {
      maxBufferSize: 2 ** 30,
      maxStorageBufferBindingSize: 2 ** 30,
      maxStorageBuffersPerShaderStage: 10,
      maxComputeWorkgroupStorageSize: 32768,
      ...over.limits,
    },
  }
}

function setup(script: Partial<Script> = {}, options: WebLLMOptions = {}) {
  const workers: ScriptedWorker[] = []
  const engine = webllm({
    probe: async () => adapter(),
    worker: () => {
      const worker = new ScriptedWorker({ tokens, ...script })
      workers.push(worker)
      return worker as unknown as Worker
    },
    ...options,
  })
  return { engine, workers }
}

async function loadedWith(script: Partial<Script> = {}, options: WebLLMOptions = {}) {
  const { engine, workers } = setup(script, options)
  const loaded = await engine.load(model)
  const [worker] = workers
  assert.ok(worker)
  return { engine, loaded, worker }
}

describe('webllm conforms, over the real package', () => {
  const all: ScriptedWorker[] = []
  const create = (): Engine => {
    const { engine, workers } = setup()
    return { ...engine, load: (...args) => engine.load(...args).finally(() => all.push(...workers.splice(0))) }
  }
  const generatedTokens = () => all.reduce((sum, worker) => sum + worker.generated, 0)
  for (const check of engineChecks({ create, model, request, generatedTokens })) test(check.name, () => check.run())
})

describe('webllm looks before it downloads', () => {
  const cases: [string, WebLLMOptions['probe'], string][] = [
    ['no adapter', async () => null, 'no_webgpu'],
    ['no shader-f16 for a q4f16 model', async () => adapter({ features: [] }), 'insufficient_gpu'],
    ['small buffers', async () => adapter({ limits: { maxBufferSize: 2 ** 27 } }), 'insufficient_gpu'],
    ['few buffers', async () => adapter({ limits: { maxStorageBuffersPerShaderStage: 8 } }), 'insufficient_gpu'],
  ]
  for (const [name, probe, code] of cases) {
    test(name, async () => {
      const { engine, workers } = setup({}, { probe: probe as () => Promise<AdapterFacts | null> })
      await assert.rejects(engine.load(model), { name: 'ModelLoadError', code, stage: 'load', modelId: 'tiny-mlc' })
      assert.equal(workers.length, 0)
    })
  }

  test("the model's own minimum counts", async () => {
    const { engine } = setup()
    const big = { ...model, requires: { minBufferBytes: 2 ** 31 } }
    await assert.rejects(engine.load(big), { code: 'insufficient_gpu', message: /maxBufferSize/ })
  })

  test('an unknown model starts no worker', async () => {
    const { engine, workers } = setup()
    await assert.rejects(engine.load(testModel({ id: 'nobody-knows' })), { code: 'model_not_found' })
    assert.equal(workers.length, 0)
  })

  test('a prebuilt id is found in the package', async () => {
    const { engine, workers } = setup()
    await engine.load(testModel({ id: 'qwen', source: { modelId: 'Qwen2.5-0.5B-Instruct-q4f16_1-MLC' } }))
    const config = workers[0]?.received.find((message) => message.kind === 'setAppConfig')?.content
    assert.equal((config as { model_list: unknown[] }).model_list.length, 1)
    await engine.dispose()
  })

  test('without a worker it says what to pass', async () => {
    const engine = webllm({ probe: async () => adapter() })
    await assert.rejects(engine.load(model), { code: 'misconfigured', message: /pass worker, or workerURL/ })
  })

  test('a missing package is named with its npm command', async () => {
    const engine = webllm({ probe: async () => adapter(), moduleURL: 'data:text/javascript,throw new Error("no")' })
    const location = { href: 'http://127.0.0.1/' }
    Object.assign(globalThis, { location })
    await assert.rejects(engine.load(model), {
      name: 'EngineNotInstalledError',
      packageName: '@mlc-ai/web-llm',
      message: /npm install @mlc-ai\/web-llm/,
    })
    Reflect.deleteProperty(globalThis, 'location')
  })
})

describe('webllm translates', () => {
  const send = async (loaded: LoadedModel, worker: ScriptedWorker, over: Partial<EngineRequest>) => {
    await collect(loaded, { ...request, ...over })
    return worker.requests.at(-1)
  }

  test('fields, roles, parts and schemas', async () => {
    const { loaded, worker, engine } = await loadedWith()
    const sent = await send(loaded, worker, {
      messages: [
        { role: 'developer', content: 'be brief' },
        {
          role: 'user',
          content: [
            { type: 'text', text: 'a' },
            { type: 'text', text: 'b' },
          ],
        },
      ],
      maxTokens: 9,
      temperature: 0.5,
      topP: 0.9,
      seed: 7,
      responseFormat: { type: 'json_schema', json_schema: { name: 's', schema: { type: 'object' } } },
    })
    assert.deepEqual(sent, {
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
      response_format: { type: 'json_object', schema: '{"type":"object"}' },
    })
    await engine.dispose()
  })

  test('what it would ignore is refused', async () => {
    const { loaded, engine } = await loadedWith()
    const user = { role: 'user', content: 'x' } as const
    const tools = [{ type: 'function', function: { name: 'f' } }] as const
    const cases: [Partial<EngineRequest>, string][] = [
      [{ messages: [user, { role: 'system', content: 'late' }, user] }, 'messages[1]'],
      [{ messages: [user, { role: 'assistant', content: 'half' }] }, 'messages'],
      [{ messages: [] }, 'messages'],
      [{ continueFinalMessage: true }, 'continueFinalMessage'],
      [{ tools: [...tools] }, 'tools'],
      [{ tools: [...tools], toolChoice: 'required' }, 'toolChoice'],
      [{ n: 2 }, 'n'],
    ]
    for (const [over, param] of cases) {
      await assert.rejects(collect(loaded, { ...request, ...over }), { name: 'EngineUnsupportedError', param })
    }
    await engine.dispose()
  })

  test('tool calls come whole, and their text does not', async () => {
    const call = { index: 0, id: '0', type: 'function', function: { name: 'f', arguments: '{"a":1}' } }
    const { engine, workers } = setup({ toolCalls: [call] })
    const loaded = await engine.load(testModel({ source: { modelId: 'Hermes-3-Llama-3.1-8B-q4f16_1-MLC' } }))
    const answer = await collect(loaded, { ...request, tools: [{ type: 'function', function: { name: 'f' } }] })
    assert.equal(answer.text, '')
    assert.equal(answer.done.finishReason, 'tool_calls')
    assert.deepEqual(answer.done.toolCalls, [
      { id: '0', type: 'function', function: { name: 'f', arguments: '{"a":1}' } },
    ])
    assert.equal(answer.tokens, tokens.length)
    assert.equal(workers.length, 1)
    await engine.dispose()
  })

  test('the end token is not counted', async () => {
    const { loaded, engine } = await loadedWith()
    const { done } = await collect(loaded, request)
    assert.deepEqual(done.usage, { promptTokens: 7, completionTokens: tokens.length })
    await engine.dispose()
  })
})

describe('webllm fails with names', () => {
  const failures: [string, string][] = [
    ['ModelNotFoundError: Cannot find model record in appConfig', 'model_not_found'],
    ["TypeError: Failed to execute 'add' on 'Cache': Request failed", 'download_failed'],
    ['DeviceLostError: The WebGPU device was lost while loading the model.', 'out_of_memory'],
    ['ShaderF16SupportError: This model requires WebGPU extension shader-f16', 'insufficient_gpu'],
    ['QuotaExceededError: Quota exceeded.', 'quota_exceeded'],
    ['LinkError: WebAssembly.instantiate(): Import #0', 'load_failed'],
  ]
  for (const [text, code] of failures) {
    test(`a load: ${text.slice(0, 40)}`, async () => {
      const { engine, workers } = setup({ fail: { reload: text } })
      await assert.rejects(engine.load(model), { name: 'ModelLoadError', code, stage: 'load' })
      assert.ok(workers[0]?.terminated)
    })
  }

  test('a load that resolves without a model', async () => {
    const { engine, workers } = setup({ reloadsNothing: true })
    await assert.rejects(engine.load(model), { name: 'ModelLoadError', code: 'not_loaded' })
    assert.ok(workers[0]?.terminated)
  })

  test('an aborted load terminates the worker', async () => {
    const { engine, workers } = setup({ hang: ['reload'] })
    const controller = new AbortController()
    const load = engine.load(model, { signal: controller.signal })
    await new Promise((resolve) => setTimeout(resolve, 20))
    controller.abort(new Error('stop'))
    await assert.rejects(load, { message: 'stop' })
    assert.ok(workers[0]?.terminated)
  })

  test('a worker that fails while loading', async () => {
    const { engine, workers } = setup({ hang: ['reload'] })
    const load = engine.load(model)
    await new Promise((resolve) => setTimeout(resolve, 20))
    workers[0]?.dispatchEvent(new Event('error'))
    await assert.rejects(load, { name: 'EngineError', code: 'worker_failed', stage: 'load' })
  })

  test('a generation, by its string', async () => {
    const text = 'ContextWindowSizeExceededError: Prompt tokens exceed context window size: 9'
    const { loaded, engine } = await loadedWith({ fail: { completionStreamNextChunk: text } })
    await assert.rejects(collect(loaded, request), { name: 'EngineError', code: 'context_length_exceeded' })
    await engine.dispose()
  })

  test('a lost device, by its string', async () => {
    const text = 'Error: Object has already been disposed'
    const { loaded, worker } = await loadedWith({ fail: { completionStreamNextChunk: text } })
    await assert.rejects(collect(loaded, request), { name: 'EngineLostError' })
    assert.ok(isEngineLostError(await loaded.lost))
    assert.ok(worker.terminated)
    await assert.rejects(collect(loaded, request), { name: 'EngineLostError' })
  })

  test('a lost device, by the sentinel', async () => {
    let lose: (info: { message: string; reason: string }) => void = () => {}
    let destroyed = 0
    const requestDevice = async () => ({
      lost: new Promise<{ message: string; reason: string }>((resolve) => {
        lose = resolve
      }),
      destroy: () => {
        destroyed++
      },
    })
    const { loaded, worker } = await loadedWith({}, { probe: async () => ({ ...adapter(), requestDevice }) })
    lose({ message: 'gpu process crashed', reason: 'unknown' })
    assert.match((await loaded.lost).message, /gpu process crashed/)
    assert.ok(worker.terminated)
    assert.equal(destroyed, 1)
  })

  test('a stall: the worker is terminated, those who wait are told', async () => {
    const { loaded, worker } = await loadedWith({ hang: ['completionStreamNextChunk'] }, { stallMs: 30 })
    const first = collect(loaded, request)
    const second = collect(loaded, request)
    await assert.rejects(first, { name: 'EngineError', code: 'stalled', stage: 'generate' })
    await assert.rejects(second, { name: 'EngineLostError' })
    assert.ok(worker.terminated)
    assert.ok(isEngineLostError(await loaded.lost))
  })

  test('an engine that does not hear the interrupt is terminated', async () => {
    const { loaded, worker } = await loadedWith({ hang: ['completionStreamNextChunk'] }, { stallMs: 30 })
    const controller = new AbortController()
    const aborted = collect(loaded, request, controller.signal)
    setImmediate(() => controller.abort(new Error('stop')))
    await assert.rejects(aborted, { message: 'stop' })
    await loaded.lost
    assert.ok(worker.terminated)
  })

  test('an interruption by somebody else', async () => {
    const { loaded, worker, engine } = await loadedWith({ staleAbort: true })
    worker.postMessage({ kind: 'interruptGenerate', uuid: 'nobody', content: null })
    const seen = worker.onmessage
    worker.onmessage = function (event) {
      if (event.data.uuid !== 'nobody') seen?.call(this, event)
    }
    await assert.rejects(collect(loaded, request), { name: 'EngineError', code: 'interrupted' })
    await engine.dispose()
  })
})

describe('webllm waits for its caller', () => {
  const slowly = () => new Promise((resolve) => setTimeout(resolve, 90))

  test('at most a few tokens ahead, which is no stall', async () => {
    const { loaded, worker, engine } = await loadedWith({}, { stallMs: 30 })
    const events = loaded.generate(request)[Symbol.asyncIterator]()
    await events.next()
    await slowly() // three times the stall time
    assert.equal(worker.generated, MAX_TOKENS_AHEAD)
    let count = 1
    for (let next = await events.next(); !next.done; next = await events.next()) {
      if (next.value.type === 'delta') count += next.value.tokens
      assert.ok(worker.generated <= count + MAX_TOKENS_AHEAD)
    }
    assert.equal(count, tokens.length)
    await engine.dispose()
  })

  for (const way of ['left', 'aborted']) {
    test(`until it has ${way}, and is free for the next`, async () => {
      const { loaded, worker, engine } = await loadedWith({}, { stallMs: 30 })
      const controller = new AbortController()
      const events = loaded.generate(request, { signal: controller.signal })[Symbol.asyncIterator]()
      await events.next()
      await slowly()
      if (way === 'left') await events.return?.()
      else controller.abort(new Error('stop'))
      assert.equal((await collect(loaded, { ...request, maxTokens: 1 })).tokens, 1)
      assert.equal(worker.generated, MAX_TOKENS_AHEAD + 1)
      await engine.dispose()
    })
  }

  test('and is still watched when it goes on', async () => {
    const script: Partial<Script> = {}
    const workers: ScriptedWorker[] = []
    const engine = webllm({
      probe: async () => adapter(),
      stallMs: 30,
      worker: () => {
        const worker = new ScriptedWorker(Object.assign(script, { tokens }))
        workers.push(worker)
        return worker as unknown as Worker
      },
    })
    const loaded = await engine.load(model)
    const events = loaded.generate(request)[Symbol.asyncIterator]()
    await events.next()
    await slowly()
    script.hang = ['completionStreamNextChunk']
    const rest = async () => {
      while (!(await events.next()).done);
    }
    await assert.rejects(rest(), { name: 'EngineError', code: 'stalled' })
  })
})

describe('webllm stops', () => {
  test('by interrupting and reading on, never by leaving the stream', async () => {
    const { loaded, worker, engine } = await loadedWith()
    for await (const event of loaded.generate(request)) {
      assert.equal(event.type, 'delta')
      break
    }
    await collect(loaded, request)
    assert.ok(worker.kinds().includes('interruptGenerate'))
    assert.ok(!worker.kinds().includes('completionStreamReturn'))
    await engine.dispose()
  })

  test('even before the stream has begun', async () => {
    const { loaded, worker, engine } = await loadedWith()
    const controller = new AbortController()
    const aborted = collect(loaded, request, controller.signal)
    while (!worker.kinds().includes('chatCompletionStreamInit')) await new Promise((resolve) => setImmediate(resolve))
    controller.abort(new Error('early'))
    await assert.rejects(aborted, { message: 'early' })
    const before = worker.generated
    await collect(loaded, { ...request, maxTokens: 1 })
    assert.ok(worker.generated - before <= 3, `${worker.generated - before} tokens`)
    await engine.dispose()
  })

  test('at a stop text that spans tokens, without handing out its beginning', async () => {
    const { loaded, engine } = await loadedWith({ tokens: ['one ', 'tw', 'o th', 'ree', ' four'] })
    const answer = await collect(loaded, { ...request, stop: ['two three'] })
    assert.equal(answer.text, 'one ')
    assert.equal(answer.done.finishReason, 'stop')
    await engine.dispose()
  })
})
