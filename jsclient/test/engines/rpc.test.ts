import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { deferred } from '../../src/engine/abort.ts'
import type { ConnectOptions, WorkerClient } from '../../src/engine/connect.ts'
import { connect } from '../../src/engine/connect.ts'
import type { Engine, EngineRequest } from '../../src/engine/engine.ts'
import type { EngineHost } from '../../src/engine/expose.ts'
import { expose } from '../../src/engine/expose.ts'
import { textOf } from '../../src/engine/messages.ts'
import type { EnginePort } from '../../src/engine/protocol.ts'
import { MAX_TOKENS_AHEAD, PROTOCOL_VERSION } from '../../src/engine/protocol.ts'
import { createStopFinder } from '../../src/engine/stop.ts'
import { createWorkerEngine } from '../../src/engine/worker-engine.ts'
import { checkChat } from '../../src/engines/decoding/chat.ts'
import { EngineError, isEngineError } from '../../src/errors/engine-error.ts'
import { isEngineLostError } from '../../src/errors/engine-lost-error.ts'
import { EngineUnsupportedError, isEngineUnsupportedError } from '../../src/errors/engine-unsupported-error.ts'
import { collect, engineChecks } from '../../src/testing/conformance.ts'
import { TEXT_SUPPORT } from '../../src/testing/fake-support.ts'
import { VirtualClock } from '../../src/testing/virtual-clock.ts'
import { testModel } from './model.ts'

const model = testModel({ framework: 'scripted' })
const request: EngineRequest = { messages: [{ role: 'user', content: 'count' }], maxTokens: 64, temperature: 0 }
const words = Array.from({ length: 24 }, (_, i) => `${i} `)
const turn = () => new Promise<void>((resolve) => setImmediate(resolve))

/** As the promise, or fails after that many milliseconds. */
function within<T>(ms: number, promise: Promise<T>): Promise<T> {
  const late = new Promise<never>((_, reject) => setTimeout(() => reject(new Error(`nothing in ${ms} ms`)), ms).unref())
  return Promise.race([promise, late])
}

let generated = 0

/** Says the same words each time, one a turn of the event loop. */
function scriptedHost(over: Partial<EngineHost<string>> = {}): EngineHost<string> {
  return {
    async load(_model, _config, { signal, onProgress }) {
      for (const progress of [0.2, 0.6, 1]) {
        onProgress({ progress, stage: 'download', loadedBytes: progress * 10, totalBytes: 10 })
        await turn()
        signal.throwIfAborted()
      }
    },
    async generate(request, { signal, emit, caughtUp }) {
      checkChat(request, 'scripted')
      if (request.continueFinalMessage) throw new EngineUnsupportedError('scripted', 'continueFinalMessage', 'no')
      const { messages, maxTokens, stop = [] } = request
      const said = messages.map(({ content }, i) => textOf(content, 'scripted', `messages[${i}].content`))
      const promptTokens = said.join(' ').split(' ').length + 3 * messages.length
      if (promptTokens > model.contextWindow) {
        throw new EngineError('the prompt is too long', { stage: 'generate', code: 'context_length_exceeded' })
      }
      const stops = createStopFinder(stop)
      let tokens = 0
      for (const word of words.slice(0, maxTokens)) {
        await turn()
        await caughtUp()
        signal.throwIfAborted()
        generated++
        tokens++
        emit({ type: 'delta', text: stops.push(word), tokens: 1 })
        if (stops.stopped) break
      }
      emit({ type: 'delta', text: stops.flush(), tokens: 0 })
      const finishReason = tokens < words.length && !stops.stopped ? 'length' : 'stop'
      emit({ type: 'done', finishReason, usage: { promptTokens, completionTokens: tokens } })
    },
    async unload() {},
    ...over,
  }
}

function pair(host: EngineHost<string>, options: ConnectOptions = {}) {
  const { port1, port2 } = new MessageChannel()
  const stop = expose(port2 as unknown as EnginePort, host)
  const client = connect<string>(port1 as unknown as EnginePort, options)
  return { client, stop, port1, port2 }
}

function scriptedEngine(): Engine {
  const clients = new Set<WorkerClient<string>>()
  return {
    name: 'scripted',
    supports: { temperature: true, topP: true, seed: true, stop: true }, // what is absent is not supported
    status: async () => 'absent',
    async load(info, options = {}) {
      options.signal?.throwIfAborted()
      const { client } = pair(scriptedHost())
      clients.add(client)
      try {
        await client.load(info, 'config', options)
      } catch (error) {
        client.close()
        throw error
      }
      return { model: info, lost: client.lost, generate: client.generate, unload: async () => client.close() }
    },
    async dispose() {
      for (const client of clients) client.close()
    },
  }
}

describe('an engine behind the protocol conforms', () => {
  const generatedTokens = () => generated
  for (const check of engineChecks({ create: scriptedEngine, model, request, generatedTokens, samples: false })) {
    test(check.name, (t) => check.run(t))
  }
})

describe('the protocol', () => {
  test('events of one turn travel together', async () => {
    const { client, port1 } = pair(
      scriptedHost({
        async generate(_request, { emit }) {
          for (let i = 0; i < 10; i++) emit({ type: 'delta', text: 'x', tokens: 1 })
          emit({ type: 'done', finishReason: 'stop', usage: { promptTokens: 1, completionTokens: 10 } })
        },
      }),
    )
    let batches = 0
    port1.addEventListener('message', ({ data }) => {
      if (data.kind === 'events') batches++
    })
    let deltas = 0
    for await (const event of client.generate(request)) if (event.type === 'delta') deltas++
    assert.equal(deltas, 10)
    assert.equal(batches, 1)
    client.close()
  })

  test('errors keep class, code, stage, detail and cause', async () => {
    const { client } = pair(
      scriptedHost({
        async load() {
          throw new EngineError('no room', { stage: 'load', code: 'quota_exceeded', cause: new RangeError('full') })
        },
        async generate() {
          throw new EngineUnsupportedError('scripted', 'messages[1]', 'it is odd')
        },
      }),
    )
    await assert.rejects(client.load(model, ''), (error) => {
      assert.ok(isEngineError(error))
      assert.deepEqual([error.name, error.code, error.stage], ['EngineError', 'quota_exceeded', 'load'])
      assert.equal((error.cause as Error).name, 'RangeError')
      return true
    })
    await assert.rejects(client.generate(request).next(), (error) => {
      assert.ok(isEngineUnsupportedError(error))
      assert.equal(error.param, 'messages[1]')
      assert.match(error.message, /scripted can't honour messages\[1\]: it is odd/)
      return true
    })
    client.close()
  })

  test("an engine's own codes travel too", async () => {
    const { client } = pair(
      scriptedHost({
        async load() {
          throw new EngineError('too warm', { stage: 'load', code: 'overheated' })
        },
      }),
    )
    await assert.rejects(client.load(model, ''), { name: 'EngineError', code: 'overheated' })
    client.close()
  })

  test('a turn that comes with an abort starts nothing', async () => {
    const { client } = pair(scriptedHost())
    const before = generated
    const first = client.generate({ ...request, maxTokens: 1 })
    await first.next()
    const controller = new AbortController()
    const second = client.generate(request, { signal: controller.signal }).next()
    for await (const _ of first);
    // The turn is handed over in the microtasks of the message that ended the first.
    controller.abort(new Error('stop'))
    await assert.rejects(second, { message: 'stop' })
    await within(1000, client.generate({ ...request, maxTokens: 1 }).next())
    assert.equal(generated - before, 2)
    client.close()
  })

  test('a request that cannot be cloned fails alone', async () => {
    const { client } = pair(scriptedHost())
    const bad = { ...request, extra: () => {} } as EngineRequest
    await assert.rejects(client.generate(bad).next(), { name: 'EngineError', code: 'generate_failed' })
    const { value } = await client.generate(request).next()
    assert.deepEqual(value, { type: 'delta', text: '0 ', tokens: 1 })
    client.close()
  })

  test('another version is refused by both ends', async () => {
    const { client, port2 } = pair(scriptedHost())
    port2.postMessage({ edgewise: PROTOCOL_VERSION + 1, kind: 'ready' })
    await assert.rejects(client.load(model, ''), { name: 'EngineError', code: 'protocol' })

    const { port1, port2: worker } = new MessageChannel()
    expose(worker as unknown as EnginePort, scriptedHost())
    const answers = new Promise((resolve) => {
      port1.onmessage = ({ data }) => data.kind === 'fatal' && resolve(data.error.code)
    })
    port1.postMessage({ edgewise: PROTOCOL_VERSION + 1, kind: 'hello' })
    assert.equal(await answers, 'protocol')
    port1.close()
  })

  test('messages of others are ignored', async () => {
    const { client, port1, port2 } = pair(scriptedHost())
    for (const data of [null, 'hello', { kind: 'ready' }, { edgewise: 'x' }]) {
      port1.postMessage(data)
      port2.postMessage(data)
    }
    await client.load(model, '')
    client.close()
  })

  test('a closed port is a loss, for pending and for later calls', async () => {
    const { client, port2 } = pair(scriptedHost({ generate: () => new Promise(() => {}) }))
    await client.load(model, '')
    const pending = client.generate(request).next()
    port2.close()
    await assert.rejects(pending, { name: 'EngineLostError', stage: 'generate' })
    assert.ok(isEngineLostError(await client.lost))
    await assert.rejects(client.generate(request).next(), { name: 'EngineLostError' })
    await assert.rejects(client.load(model, ''), { name: 'EngineLostError' })
  })

  test('a worker that never starts is not a loss', async () => {
    const worker = new EventTarget() as EventTarget & { postMessage(): void; terminate(): void }
    let terminated = 0
    worker.postMessage = () => {}
    worker.terminate = () => {
      terminated++
    }
    const client = connect<string>(worker)
    const load = client.load(model, '')
    worker.dispatchEvent(new Event('error'))
    await assert.rejects(load, { name: 'EngineError', code: 'worker_failed', stage: 'load' })
    assert.equal(terminated, 1)
  })

  test('a worker that fails without a word is not waited for as long as one that works', async () => {
    using clock = VirtualClock.install()
    const { port1 } = new MessageChannel()
    const client = connect<string>(port1 as unknown as EnginePort)
    const message = /did not start: .*It was not ready after 60000 ms/
    const load = assert.rejects(client.load(model, ''), { name: 'EngineError', code: 'worker_failed', message })
    await clock.advance(60_000)
    await load
    assert.equal(clock.pending, 0)
  })

  test('a status that is aborted ends the worker that it asks', async () => {
    const { port1, port2 } = new MessageChannel()
    const asked = deferred<void>()
    const ended = deferred<void>()
    const load = () => {
      asked.resolve()
      return new Promise<never>(() => {})
    }
    expose(port2 as unknown as EnginePort, scriptedHost({ load }))
    const engine = createWorkerEngine<string>({
      name: 'scripted',
      supports: TEXT_SUPPORT,
      connection: {},
      configOf: () => '',
      startWorker: () => Object.assign(port1 as unknown as EnginePort, { terminate: () => ended.resolve() }),
      isCached: (_, ask) => ask('').then(() => true),
    })
    const controller = new AbortController()
    const status = assert.rejects(engine.status(model, { signal: controller.signal }), { message: 'no' })
    await asked.promise
    controller.abort(new Error('no'))
    await status
    await within(1000, ended.promise)
  })

  test('a silent worker is a loss', async () => {
    using clock = VirtualClock.install()
    const { port1, port2 } = new MessageChannel()
    port2.postMessage({ edgewise: PROTOCOL_VERSION, kind: 'ready' })
    let pings = 0
    port2.onmessage = ({ data }) => {
      if (data.kind === 'ping') pings++
    }
    const client = connect<string>(port1 as unknown as EnginePort)
    const load = client.load(model, '')
    const lost = assert.rejects(load, {
      name: 'EngineLostError',
      stage: 'load',
      message: /silent for 120000 ms; load the model again/,
    })
    await clock.advance(119_999)
    assert.equal(pings, 23)
    await clock.advance(1)
    await lost
    assert.equal(clock.pending, 0)
  })

  test('a worker that lives but gives no token has stalled', async () => {
    using clock = VirtualClock.install()
    const { client } = pair(scriptedHost({ generate: () => new Promise(() => {}) }))
    const next = assert.rejects(client.generate(request).next(), { name: 'EngineError', code: 'stalled' })
    await clock.advance(60_000)
    await next
    assert.ok(isEngineLostError(await client.lost))
    assert.equal(clock.pending, 0)
  })

  for (const way of ['aborting', 'leaving']) {
    test(`${way} a generation that never ends holds nobody up for ever`, async () => {
      using clock = VirtualClock.install()
      let calls = 0
      const { client } = pair(
        scriptedHost({
          async generate(_request, { emit }) {
            emit({ type: 'delta', text: 'x', tokens: 1 })
            if (calls++ === 0) await new Promise(() => {})
          },
        }),
      )
      const controller = new AbortController()
      const hung = client.generate(request, { signal: controller.signal })
      await hung.next()
      const next = assert.rejects(client.generate(request).next(), {
        name: 'EngineLostError',
        message: /no token came for 60000 ms/,
      })
      if (way === 'leaving') await hung.return()
      else controller.abort(new Error('stop')) // and nobody asks for more
      await clock.advance(60_000)
      await next
      assert.ok(isEngineLostError(await client.lost))
    })
  }

  test('an engine that is slow to stop is waited for', async () => {
    using clock = VirtualClock.install()
    let calls = 0
    const { client } = pair(
      scriptedHost({
        async generate(_request, { emit }) {
          // It does not hear the abort, but says something all the time.
          for (let i = 0; calls === 0 && i < 6; i++) {
            await new Promise((resolve) => setTimeout(resolve, 20_000))
            emit({ type: 'delta', text: 'x', tokens: 1 })
          }
          if (calls++ > 0) emit({ type: 'delta', text: 'next', tokens: 1 })
        },
      }),
    )
    const slow = client.generate(request)
    const first = slow.next()
    await clock.advance(20_000)
    await first
    await slow.return()
    const next = client.generate(request).next()
    await clock.advance(100_000)
    assert.equal(((await next).value as { text: string }).text, 'next')
    client.close()
  })

  test('a page that was frozen does not blame the worker', async () => {
    using clock = VirtualClock.install()
    const { client } = pair(
      scriptedHost({
        async generate(_request, { emit }) {
          await new Promise((resolve) => setTimeout(resolve, 60_000))
          emit({ type: 'delta', text: 'x', tokens: 1 })
        },
      }),
      { deadMs: 40_000, stallMs: 100_000 },
    )
    await client.load(model, '')
    const next = client.generate(request).next()
    await clock.advance(10_000)
    clock.skip(3_600_000)
    await clock.advance(0)
    assert.deepEqual((await next).value, { type: 'delta', text: 'x', tokens: 1 })
    client.close()
  })

  test('waiting in the queue is no stall', async () => {
    using clock = VirtualClock.install()
    const { client } = pair(
      scriptedHost({
        async generate(_request, { emit }) {
          for (let i = 0; i < 6; i++) {
            await new Promise((resolve) => setTimeout(resolve, 20_000))
            emit({ type: 'delta', text: 'x', tokens: 1 })
          }
          emit({ type: 'done', finishReason: 'stop', usage: { promptTokens: 1, completionTokens: 6 } })
        },
      }),
    )
    const loaded = { model, lost: client.lost, generate: client.generate, unload: async () => client.close() }
    const answers = Promise.all([collect(loaded, request), collect(loaded, request)])
    await clock.advance(240_000)
    assert.deepEqual(
      (await answers).map((a) => a.text),
      ['xxxxxx', 'xxxxxx'],
    )
    client.close()
  })

  test('the worker waits for a caller that is slower, which is no stall', async () => {
    using clock = VirtualClock.install()
    const { client } = pair(scriptedHost())
    const before = generated
    const events = client.generate(request)
    assert.equal((await events.next()).value?.type, 'delta')
    await clock.advance(180_000) // three times the stall time
    assert.equal(generated - before, MAX_TOKENS_AHEAD)
    let tokens = 1
    for await (const event of events) if (event.type === 'delta') tokens += event.tokens
    assert.equal(tokens, words.length)
    client.close()
  })

  test('a caller that leaves while the worker waits for it frees the worker', async () => {
    const { client } = pair(scriptedHost())
    const events = client.generate(request)
    await events.next()
    for (let i = 0; i < 20; i++) await turn()
    await events.return()
    assert.equal((await client.generate({ ...request, maxTokens: 1 }).next()).value?.type, 'delta')
    client.close()
  })

  test('the worker stops when it is told to stop serving', async () => {
    let aborted = false
    const { client, stop } = pair(
      scriptedHost({
        generate: (_request, { signal }) =>
          new Promise((_, reject) => {
            signal.addEventListener('abort', () => {
              aborted = true
              reject(signal.reason)
            })
          }),
      }),
    )
    await client.load(model, '')
    const pending = client.generate(request).next()
    pending.catch(() => {})
    await turn()
    await turn()
    stop()
    assert.ok(aborted)
    client.close()
    await assert.rejects(pending)
  })
})
