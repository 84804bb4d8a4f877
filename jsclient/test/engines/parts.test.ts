/** The small parts that adapters are made of. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { Tokenizer } from '@huggingface/tokenizers'
import type { LoadProgress } from '../../src/engine/engine.ts'
import { createProgressReporter } from '../../src/engine/progress.ts'
import { createQueue } from '../../src/engine/queue.ts'
import { createStopFinder } from '../../src/engine/stop.ts'
import { createWatchdog } from '../../src/engine/watchdog.ts'
import { keepNucleus } from '../../src/engines/decoding/cutoffs.ts'
import { createDetokenizer } from '../../src/engines/decoding/detokenizer.ts'
import { VirtualClock } from '../../src/testing/virtual-clock.ts'

describe('the stop finder', () => {
  /** Feeds a text in pieces of each size and gives what came out. */
  const outputs = (text: string, stops: string[]) =>
    new Set(
      Array.from({ length: text.length }, (_, i) => {
        const finder = createStopFinder(stops)
        let out = ''
        for (let at = 0; at < text.length; at += i + 1) out += finder.push(text.slice(at, at + i + 1))
        return out + finder.flush()
      }),
    )

  test('does not depend on how the text is cut', () => {
    assert.deepEqual(outputs('hello world, hello moon', ['world, h', 'moon']), new Set(['hello ']))
    assert.deepEqual(outputs('ababac', ['abac']), new Set(['ab']))
    assert.deepEqual(outputs('aaab', ['aab']), new Set(['a']))
    assert.deepEqual(outputs('no stop in here', ['stopped', 'her e', '']), new Set(['no stop in here']))
  })

  test('holds back no more than it must', () => {
    const finder = createStopFinder(['END'])
    assert.equal(finder.push('abcE'), 'abc')
    assert.equal(finder.push('x'), 'Ex')
    assert.equal(finder.push('EN'), '')
    assert.equal(finder.stopped, false)
    assert.equal(finder.push('D and more'), '')
    assert.equal(finder.stopped, true)
    assert.equal(finder.push('nothing'), '')
    assert.equal(finder.flush(), '')
  })
})

describe('the detokenizer', () => {
  const bytes = new TextEncoder().encode('Grüße, 世界! 👋🏽 ok')
  const decode = (ids: bigint[]) => new TextDecoder().decode(Uint8Array.from(ids, Number))

  test('gives whole characters only, and every one', () => {
    const text = createDetokenizer(decode)
    let out = ''
    for (const byte of bytes) {
      const piece = text.push(BigInt(byte))
      assert.ok(!piece.includes('\uFFFD'), piece)
      out += piece
    }
    assert.equal(out + text.flush(), 'Grüße, 世界! 👋🏽 ok')
  })

  test('gives an incomplete end when it is forced to', () => {
    const text = createDetokenizer(decode)
    assert.equal(text.push(0x61n), 'a')
    assert.equal(text.push(0xf0n), '')
    assert.equal(text.flush(), '\uFFFD')
  })

  test('keeps the spaces of decoders that drop the first', () => {
    const vocabulary = [' one', ' two', ' three']
    const text = createDetokenizer((ids) =>
      ids
        .map((id) => vocabulary[Number(id)])
        .join('')
        .replace(/^ /, ''),
    )
    assert.equal([0n, 1n, 2n, 1n].map((id) => text.push(id)).join(''), 'one two three two')
  })

  test('goes on with a text as the real decoder of SentencePiece models would have it', () => {
    const decoder = {
      type: 'Sequence',
      decoders: [
        { type: 'Replace', pattern: { String: '▁' }, content: ' ' },
        { type: 'ByteFallback' },
        { type: 'Fuse' },
        { type: 'Strip', content: ' ', start: 1, stop: 0 },
      ],
    }
    const words = ['<unk>', '▁Once', '▁upon', '▁a', '▁time', '<0xC3>', '<0xA9>', '<0xA8>']
    const vocab = Object.fromEntries(words.map((word, id) => [word, id]))
    const model = { type: 'BPE', unk_token: '<unk>', fuse_unk: true, byte_fallback: true, vocab, merges: [] }
    const others = { version: '1.0', added_tokens: [], normalizer: null, pre_tokenizer: null, post_processor: null }
    const tokenizer = new Tokenizer({ ...others, decoder, model }, {})
    const write = (ids: bigint[], before?: bigint[]) => {
      const options = { skip_special_tokens: true, clean_up_tokenization_spaces: false }
      const text = createDetokenizer((some) => tokenizer.decode(some, options), before)
      return ids.map((id) => text.push(id)).join('') + text.flush()
    }
    assert.equal(write([3n, 4n], [1n, 2n]), ' a time')
    assert.equal(write([1n, 2n, 3n, 4n]), 'Once upon a time', 'and the first space of an answer is dropped')
    assert.equal(write([5n, 7n, 3n], [1n, 5n, 6n]), 'è a', 'bytes behind bytes')
    assert.equal(write([], [1n, 2n]), '')
  })
})

describe('nucleus sampling', () => {
  const kept = (probabilities: number[], topP: number) => {
    const data = Float32Array.from(probabilities, Math.log)
    keepNucleus(data, topP)
    return [...data].flatMap((score, token) => (score === Number.NEGATIVE_INFINITY ? [] : [token]))
  }

  test('keeps the likeliest that reach the share', () => {
    assert.deepEqual(kept([0.1, 0.5, 0.15, 0.25], 0.7), [1, 3])
    assert.deepEqual(kept([0.1, 0.5, 0.15, 0.25], 0.4), [1])
    assert.deepEqual(kept([0.1, 0.5, 0.15, 0.25], 0.0001), [1])
    assert.deepEqual(kept([0.25, 0.25, 0.25, 0.25], 0.99), [0, 1, 2, 3])
  })

  test('agrees with sorting everything, on random scores', () => {
    let state = 1
    const random = () => {
      state = (state * 48271) % 2147483647
      return state / 2147483647
    }
    for (let round = 0; round < 200; round++) {
      const topP = 0.05 + random() * 0.94
      const weights = Array.from({ length: 50 }, () => random() ** 6)
      const total = weights.reduce((a, b) => a + b, 0)
      const order = weights.map((_, i) => i).sort((a, b) => (weights[b] ?? 0) - (weights[a] ?? 0))
      let sum = 0
      const wanted: number[] = []
      for (const token of order) {
        wanted.push(token)
        sum += (weights[token] ?? 0) / total
        if (sum >= topP) break
      }
      const got = kept(weights, topP)
      // Scores are floats: the last token may fall on either side of the share.
      assert.ok(Math.abs(got.length - wanted.length) <= 1)
      assert.ok(got.every((token) => order.indexOf(token) <= wanted.length))
    }
  })
})

describe('the queue', () => {
  test('is fair, and an aborted waiter leaves the line', async () => {
    const queue = createQueue()
    const order: string[] = []
    const first = await queue.acquire()
    const controller = new AbortController()
    const second = queue.acquire(controller.signal)
    const third = queue.acquire().then((release) => {
      order.push('third')
      release()
    })
    controller.abort(new Error('gone'))
    await assert.rejects(second, { message: 'gone' })
    assert.deepEqual(order, [])
    first()
    await third
    assert.deepEqual(order, ['third'])
  })
})

describe('the watchdog', () => {
  test('gives a page that was frozen one more time, and then no more', async () => {
    using clock = VirtualClock.install()
    let starved = 0
    const dog = createWatchdog(100, () => starved++)
    const freeze = () => {
      clock.skip(60_000)
      return clock.advance(0)
    }
    await freeze()
    assert.equal(starved, 0, 'it may have been fed meanwhile')
    dog.feed()
    await freeze()
    assert.equal(starved, 0, 'and it was')
    await clock.advance(99)
    assert.equal(starved, 0)
    await freeze()
    assert.equal(starved, 1)
  })

  for (const late of [0, 1000]) {
    test(`starves ${late} ms late`, async () => {
      using clock = VirtualClock.install()
      let starved = 0
      createWatchdog(100, () => starved++)
      await clock.advance(99)
      assert.equal(starved, 0)
      clock.skip(1 + late)
      await clock.advance(0)
      assert.equal(starved, 1)
    })
  }
})

describe('the progress reporter', () => {
  test('rises, is sparing, and says 1 only at the end', () => {
    const seen: LoadProgress[] = []
    let now = 0
    const progress = createProgressReporter(
      (report) => seen.push(report),
      () => now,
    )
    for (let i = 0; i <= 100; i++) {
      now += 10
      progress.report({ stage: 'download', progress: i / 100, loadedBytes: i, totalBytes: 200 })
    }
    progress.report({ stage: 'load', progress: 0.1 })
    progress.finish()
    assert.ok(seen.length < 25, `${seen.length} reports`)
    assert.deepEqual(seen.at(-1), { stage: 'load', progress: 1 })
    assert.ok(seen.every((report, i) => report.progress >= (seen[i - 1]?.progress ?? 0)))
    assert.ok(seen.slice(0, -1).every((report) => report.progress < 1))
  })
})
