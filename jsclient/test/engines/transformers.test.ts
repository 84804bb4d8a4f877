/** The parts of the Transformers.js adapter that need no browser. */
import assert from 'node:assert/strict'
import { afterEach, beforeEach, describe, test } from 'node:test'
import { checksumsOf, passes } from '../../src/engine/checksums.ts'
import { turnEnds, turnOpening } from '../../src/engines/decoding/turns.ts'
import { generateFailure, loadFailure } from '../../src/engines/transformers/failure.ts'
import type { ModelFiles } from '../../src/engines/transformers/files.ts'
import { openFiles } from '../../src/engines/transformers/files.ts'
import type { KeyValues, KeyValueTensor } from '../../src/engines/transformers/peer.ts'
import { createPrefixCache } from '../../src/engines/transformers/prefix-cache.ts'
import type { ModelInfo } from '../../src/wire.ts'
import { until } from '../client/setup.ts'
import { type FakeCache, fileOf, installFakeCache, removeFakeCache } from './fake-cache.ts'
import { testModel } from './model.ts'

const ids = (text: string) => [...text].map((character) => BigInt(character.codePointAt(0) ?? 0))

describe('where a prompt is cut', () => {
  const render = (messages: string[]) => (open: boolean) =>
    messages.map((m) => `<u>${m}.`).join('') + (open ? '<a>' : '')
  const opening = turnOpening(render(['x']), ids)

  test('is where turns of the assistant open', () => {
    assert.deepEqual(opening, ids('<a>'))
    assert.deepEqual(turnEnds(ids('<u>one.<a>two.<u>three.<a>'), opening), [10, 26])
    assert.deepEqual(turnEnds(ids('<u>one.<a>two.<u>three.<a>begun'), opening), [10, 26])
    assert.deepEqual(turnEnds(ids('<a>'), opening), [3])
    assert.deepEqual(turnEnds(ids('<u>'), opening), [])
  })

  test('does not depend on what comes after', () => {
    const whole = ids('<u>a.<a>b.<u>c<a>d.<a><u>e.<a>')
    const ends = turnEnds(whole, opening)
    for (let length = 0; length <= whole.length; length++) {
      const some = ends.filter((end) => end <= length)
      assert.deepEqual(turnEnds(whole.slice(0, length), opening), some)
    }
  })

  test('is nowhere when the template opens no turn', () => {
    const silent = turnOpening(() => '<u>x.', ids)
    assert.deepEqual([silent, turnEnds(ids('<u>x.'), silent)], [[], []])
  })
})

describe('the prefix cache', () => {
  let alive = new Set<object>()

  /** Keys or values on a GPU, of which there are `length` tokens. */
  function tensor(length: number): KeyValueTensor & { length: number } {
    const made = {
      length,
      location: 'gpu-buffer',
      dispose() {
        assert.ok(alive.delete(made), 'nothing is freed twice')
      },
    }
    alive.add(made)
    return made
  }

  /** As the package's own behaves towards what it holds. */
  class DynamicCache {
    constructor(entries: Record<string, KeyValueTensor>) {
      Object.assign(this, entries)
    }
    update(): void {
      assert.fail('the package would free what it replaces')
    }
    get_seq_length(): number {
      const [first] = Object.values(this as object) as { length: number }[]
      return first?.length ?? 0
    }
  }

  /** Computes up to each of those lengths, as the package does. */
  const compute = (keyValues: KeyValues, lengths: number[]) => {
    for (const length of lengths) {
      for (const held of Object.values(keyValues)) assert.ok(alive.has(held), 'what it needs was not freed')
      keyValues.update({ 'past_key_values.0.key': tensor(length), 'past_key_values.0.value': tensor(length) })
    }
  }
  const setUp = () => {
    alive = new Set()
    return createPrefixCache({ DynamicCache })
  }

  test('keeps the last turn, and nothing else', async () => {
    const cache = setUp()
    const first = cache.start(ids('<u>one.<a>'), [10])
    assert.equal(first.cachedTokens, 0)
    compute(first.keyValues, [0, 10, 11, 12, 13])
    await first.end()
    assert.equal(alive.size, 2)

    const second = cache.start(ids('<u>one.<a>two.<u>three.<a>'), [10, 26])
    assert.equal(second.cachedTokens, 10)
    assert.equal(second.keyValues.get_seq_length(), 10)
    compute(second.keyValues, [26, 27])
    await second.end()
    assert.equal(alive.size, 2)
    await cache.clear()
    assert.equal(alive.size, 0)
  })

  test('starts anew with another prompt, and with the same', async () => {
    for (const next of ['<u>other.<a>', '<u>one.<a>', '<u>on']) {
      const cache = setUp()
      const first = cache.start(ids('<u>one.<a>'), [10])
      compute(first.keyValues, [0, 10, 11])
      await first.end()
      const second = cache.start(ids(next), [])
      assert.deepEqual([second.cachedTokens, second.keyValues.get_seq_length()], [0, 0], next)
      assert.equal(alive.size, 0)
      compute(second.keyValues, [0, next.length])
      await second.end()
      assert.equal(alive.size, 0, 'a prompt without a turn leaves nothing')
    }
  })

  test('keeps what was computed of a prompt before it was left', async () => {
    const cache = setUp()
    const left = cache.start(ids('<u>one.<a>two.<u>three.<a>'), [10, 26])
    compute(left.keyValues, [0, 10])
    await left.end()
    const again = cache.start(ids('<u>one.<a>two.<u>three.<a>'), [10, 26])
    assert.equal(again.cachedTokens, 10)
    await again.end()
    await cache.clear()
    assert.equal(alive.size, 0)
  })
})

describe('checksums', () => {
  const bytes = new TextEncoder().encode('abc').buffer
  const hex = 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad'
  const sri = 'sha384-ywB1P0WjXou1oD1pmsZQBycsMqsO3tFjGotgWkP/W+2AhgcroefMI1i67KE0yCWn'

  test('are found by the path of a file or its name, and all must hold', async () => {
    const model = testModel({ sha256: { 'onnx/model.onnx': hex }, integrity: { 'model.onnx': sri } })
    const checksums = checksumsOf(model, 'onnx/model.onnx')
    assert.equal(checksums.split(' ').length, 2)
    assert.equal(await passes(bytes, checksums), true)
    assert.equal(await passes(new TextEncoder().encode('abd').buffer, checksums), false)
    assert.equal(await passes(bytes, checksums.replace('sha384-y', 'sha384-z')), false)
    assert.equal(checksumsOf(model, 'config.json'), '')
  })

  test('that are none are passed by nothing', async () => {
    for (const nonsense of ['md5-abc', 'sha256', 'sha256-']) assert.equal(await passes(bytes, nonsense), false)
  })
})

describe('the files', () => {
  const root = 'https://a.test/m/'
  const graph = `${root}onnx/model.onnx`
  let store: FakeCache
  beforeEach(() => {
    store = installFakeCache()
  })
  const { fetch } = globalThis
  afterEach(() => {
    globalThis.fetch = fetch
    removeFakeCache()
  })
  const { signal } = new AbortController()

  test('are read when they have their checksums, whatever the server says that they have', async () => {
    const integrity = { 'onnx/model.onnx': 'sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=' }
    const headers = { 'x-edgewise-checked': integrity['onnx/model.onnx'], 'content-type': 'text/plain' }
    const open = (over: Partial<ModelInfo> = {}) => openFiles(testModel(over), root, signal).cache
    await open().put(graph, new Response('anything', { headers }))
    const found = await open().match(graph)
    assert.deepEqual([await found?.text(), found?.headers.get('content-type')], ['anything', 'text/plain'])
    assert.equal(await open({ integrity }).match(graph), undefined)
    assert.equal(await open().match(graph), undefined, 'it is gone')

    await open({ integrity }).put(graph, new Response(''))
    assert.equal(await (await open({ integrity }).match(graph))?.text(), '')
  })

  test("leave no second copy in the browser's own cache", async () => {
    const asked: RequestInit[] = []
    globalThis.fetch = async (_, init = {}) => {
      asked.push(init)
      return new Response('weights')
    }
    const files = openFiles(testModel(), root, signal)
    await files.fetch(graph, { headers: { range: 'bytes=0-0' } })
    await files.fetch(graph)
    assert.deepEqual(
      asked.map(({ headers, cache }) => ({ headers, cache })),
      [
        { headers: { range: 'bytes=0-0' }, cache: 'no-store' },
        { headers: undefined, cache: 'no-store' },
      ],
    )
  })

  test('that are on their way when they are discarded do not come in behind', async () => {
    const { promise, resolve } = Promise.withResolvers<void>()
    store.disk = promise
    const asked: RequestInit[] = []
    globalThis.fetch = async (_, init = {}) => {
      asked.push(init)
      return new Response('weights')
    }
    const files = openFiles(testModel(), root, signal)
    const response = await files.fetch(graph)
    const stored = files.cache.put(graph, response)
    const discarded = files.discard((_, storedNow) => storedNow)
    resolve()
    await Promise.all([stored, discarded])
    assert.deepEqual([...store.files.keys()], [])
    assert.ok(asked[0]?.signal?.aborted, 'what is not here yet is given up')
    await files.cache.put(graph, new Response('late'))
    assert.deepEqual([...store.files.keys()], [])
  })

  test('that are being made those of one more model when they are discarded do not come in behind', async () => {
    store.files.set(graph, fileOf('another'))
    const { promise, resolve } = Promise.withResolvers<void>()
    store.disk = promise
    const files = openFiles(testModel(), root, signal)
    const found = files.cache.match(graph)
    await until(() => store.writes === 1)
    const discarded = files.discard(() => true)
    resolve()
    await Promise.all([found, discarded])
    assert.deepEqual([...store.files.keys()], [])
  })
})

describe("the package's words", () => {
  /** What a failing load takes out of the cache. */
  const failed = async (thrown: unknown, refusals: [string, number | 'HTML'][] = []) => {
    const discarded: string[] = []
    const files = {
      refusals: new Map(refusals),
      isModels: (url: string) => url.startsWith('model/'),
      async discard(which) {
        discarded.push(...['model/graph', 'runtime.wasm'].filter((url) => which(url, url === 'model/graph')))
      },
    } satisfies Partial<ModelFiles> as unknown as ModelFiles
    const error = await loadFailure(testModel(), thrown, files)
    assert.equal(error.stage, 'load')
    return [error.code, ...discarded]
  }
  const runtime = (what: string) => new Error(`no available backend found. ERR: [wasm] ${what}`)

  test('of a load become codes, and files of which nobody knows are not kept', async () => {
    const graph = new Error("Can't create a session. ERROR_CODE: 7, ERROR_MESSAGE: protobuf parsing failed.")
    assert.deepEqual(await failed(graph), ['invalid_files', 'model/graph'])
    assert.deepEqual(await failed(new Error('what nobody has seen yet')), ['load_failed', 'model/graph'])
    assert.deepEqual(await failed(runtime('CompileError: bad magic')), ['invalid_files', 'runtime.wasm'])
    assert.deepEqual(await failed(runtime('LinkError: no import')), ['load_failed', 'runtime.wasm'])
    assert.deepEqual(await failed(runtime('RangeError: could not allocate memory')), ['out_of_memory'])
    assert.deepEqual(await failed(6_912_432), ['out_of_memory'])
    assert.deepEqual(await failed(new TypeError('Failed to fetch')), ['download_failed'])
    assert.deepEqual(await failed(new TypeError('NetworkError when attempting to fetch resource.')), [
      'download_failed',
    ])
    assert.deepEqual(await failed(new TypeError('Load failed')), ['download_failed'])
    assert.deepEqual(await failed(new Error('Unsupported device: "what".')), ['misconfigured'])
    assert.deepEqual(await failed(new Error('webgpu/context.cc: no such buffer')), ['insufficient_gpu'])
    const simd = 'WebAssembly SIMD is not supported in the current environment.'
    assert.deepEqual(await failed(new Error(simd)), ['unavailable'])
  })

  test('and what the server refused', async () => {
    const none = Object.assign(new Error('Could not locate file'), { name: 'ModelFileNotFoundError' })
    assert.deepEqual(await failed(none, [['model/graph', 404]]), ['model_not_found'])
    assert.deepEqual(await failed(none, [['model/graph', 'HTML']]), ['invalid_files', 'model/graph'])
    assert.deepEqual(await failed(new TypeError('x of undefined'), [['model/a.json', 404]]), ['model_not_found'])
    assert.deepEqual(await failed(runtime('TypeError: import'), [['runtime.wasm', 404]]), ['misconfigured'])
    // A file that sound models lack as well is not to blame for something else.
    assert.deepEqual(await failed(new Error('out of memory'), [['model/a.json', 404]]), ['out_of_memory'])
  })

  test('of a generation become codes', async () => {
    const code = async (thrown: unknown, device?: Parameters<typeof generateFailure>[1]) =>
      (await generateFailure(thrown, device)).code
    assert.equal(await code(new WebAssembly.RuntimeError('unreachable')), 'lost')
    assert.equal(await code(6_912_432), 'lost')
    assert.equal(await code(new Error('Aborted(). Build with -sASSERTIONS for more info.')), 'lost')
    assert.equal(await code(new RangeError('Array buffer allocation failed')), 'out_of_memory')
    assert.equal(await code(new Error('bad shape')), 'generate_failed')
    const destroy = () => {}
    const gone = { lost: Promise.resolve({ message: 'crashed', reason: 'unknown' }), destroy }
    assert.equal(await code(new Error('mapAsync'), gone), 'lost')
    assert.equal(await code(new Error('bad shape'), { lost: new Promise(() => {}), destroy }), 'generate_failed')
  })
})
