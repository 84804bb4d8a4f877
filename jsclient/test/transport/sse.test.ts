import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { type SSEEvent, SSEParser } from '../../src/transport/sse.ts'

const encoder = new TextEncoder()

function parse(chunks: Iterable<Uint8Array>, maxEventSize?: number): SSEEvent[] {
  const parser = new SSEParser({ maxEventSize })
  const events: SSEEvent[] = []
  for (const chunk of chunks) events.push(...parser.push(chunk))
  return [...events, ...parser.end()]
}

const whole = (text: string, maxEventSize?: number): SSEEvent[] => parse([encoder.encode(text)], maxEventSize)
const message = (data: string): SSEEvent => ({ event: 'message', data })

describe('SSEParser', () => {
  const cases: [name: string, stream: string, events: SSEEvent[]][] = [
    ['one event', 'data: a\n\n', [message('a')]],
    ['one space after the colon is dropped, not two', 'data:  a\n\ndata:b\n\n', [message(' a'), message('b')]],
    ['lines of data are joined', 'data: a\ndata:\ndata: c\n\n', [message('a\n\nc')]],
    ['a field without a colon is an empty one', 'data\n\n', [message('')]],
    ['CR ends lines', 'data: a\r\rdata: b\r\r', [message('a'), message('b')]],
    ['CRLF ends lines', 'data: a\r\n\r\ndata: b\r\n\r\n', [message('a'), message('b')]],
    ['line ends may be mixed', 'data: a\r\n\ndata: b\n\r\ndata: c\r\n\r', [message('a'), message('b'), message('c')]],
    ['a byte order mark is skipped', '\uFEFFdata: a\n\n', [message('a')]],
    ['only at the start', 'data: a\n\n\uFEFFdata: b\n\n', [message('a')]],
    ['comments are dropped', ': keep-alive\n\n:\ndata: a\n: b\n\n', [message('a')]],
    ['unknown fields are dropped', 'id: 1\nretry: 9\nfoo: bar\ndata: a\n\n', [message('a')]],
    ['events are named', 'event: ping\ndata: a\n\ndata: b\n\n', [{ event: 'ping', data: 'a' }, message('b')]],
    ['an event without data is dropped, its name too', 'event: ping\n\ndata: b\n\n', [message('b')]],
    ['the end cuts an event off', 'data: a\n\ndata: b', [message('a'), { ...message('b'), unterminated: true }]],
    ['also after its line', 'data: b\n', [{ ...message('b'), unterminated: true }]],
    ['characters outside the BMP', 'data: 😀é漢\n\n', [message('😀é漢')]],
    ['no events in an empty stream', '', []],
  ]
  for (const [name, stream, events] of cases) {
    test(name, () => assert.deepEqual(whole(stream), events))
  }

  test('however the bytes are cut, the events are the same', () => {
    for (const [name, stream, events] of cases) {
      const bytes = encoder.encode(stream)
      for (let a = 0; a <= bytes.length; a++) {
        for (let b = a; b <= bytes.length; b++) {
          const chunks = [bytes.subarray(0, a), bytes.subarray(a, b), bytes.subarray(b)]
          assert.deepEqual(parse(chunks), events, `${name}, cut at ${a} and ${b}`)
        }
      }
      assert.deepEqual(parse(Array.from(bytes, (byte) => Uint8Array.of(byte))), events, `${name}, byte by byte`)
    }
  })

  test('an event is handed out with the byte that completes it', () => {
    const parser = new SSEParser()
    assert.deepEqual(parser.push(encoder.encode('data: a\r\n')), [])
    assert.deepEqual(parser.push(encoder.encode('\r')), [message('a')])
    assert.deepEqual(parser.push(encoder.encode('\ndata: b\n\n')), [message('b')])
  })

  test('bytes that are no UTF-8 become U+FFFD', () => {
    const bytes = Uint8Array.of(...encoder.encode('data: '), 0xff, 0xe6, 0x0a, 0x0a)
    assert.deepEqual(parse([bytes]), [message('\uFFFD\uFFFD')])
  })

  test('an event may be as large as the limit, and no larger, however it is cut', () => {
    const tooLarge = (error: unknown): boolean => (error as { code?: string }).code === 'event_too_large'
    assert.deepEqual(whole('data: 1234\n\n', 10), [message('1234')])
    for (const stream of ['data: 12345\n\n', 'data: 12345', `data: 1234\ndata: 5678\ndata: 9\n\n`, ': 123456789\n']) {
      assert.throws(() => whole(stream, 10), tooLarge, stream)
      assert.throws(
        () =>
          parse(
            Array.from(encoder.encode(stream), (byte) => Uint8Array.of(byte)),
            10,
          ),
        tooLarge,
      )
    }
  })

  test('a line without an end does not grow without bound', () => {
    const parser = new SSEParser({ maxEventSize: 1000 })
    const chunk = encoder.encode('x'.repeat(400))
    parser.push(chunk)
    parser.push(chunk)
    assert.throws(() => parser.push(chunk), { code: 'event_too_large' })
  })
})
