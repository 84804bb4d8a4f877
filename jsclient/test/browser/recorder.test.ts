/** The finder of canaries finds them, and the reader of frames reads them: a leak test is as good as these. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { brotliCompressSync, deflateRawSync, deflateSync, gzipSync, zstdCompressSync } from 'node:zlib'
import { findCanaries } from './recorder-canary.ts'
import { createFrameReader } from './recorder-websocket.ts'

const CANARY = 'canary7q9x'
const json = JSON.stringify({ messages: [{ role: 'user', content: `Say: ${CANARY}!` }] })
const escaped = (text: string) =>
  [...text].map((char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`).join('')
const percent = (bytes: Buffer) => bytes.toString('hex').replace(/../g, (hex) => `%${hex}`)
const utf16 = (text: string) => Buffer.from(text, 'utf16le')

describe('a canary is found', () => {
  const cases: Record<string, Buffer | string> = {
    'utf-8': json,
    'utf-8 of a host': `https://${CANARY.toUpperCase()}.leak.test/`,
    'utf-16le': utf16(json),
    'utf-16be': utf16(json).swap16(),
    'hex of utf-8': Buffer.from(json).toString('hex').toUpperCase(),
    'hex of utf-16le': utf16(json).toString('hex'),
    'utf-8 in percent escapes': percent(Buffer.from(json)),
    'utf-8 in JSON escapes': `{"content":"${escaped(json)}"}`,
    'utf-8 in gzip': gzipSync(json),
    'utf-8 in gzip, half of it': gzipSync(json.padEnd(400, 'x')).subarray(0, -12),
    'utf-8 in deflate': deflateSync(json),
    'utf-8 in raw deflate': deflateRawSync(json),
    'utf-8 in brotli': brotliCompressSync(json),
    'utf-8 in zstd': zstdCompressSync(json),
    'utf-8 in gzip in percent escapes': gzipSync(percent(Buffer.from(json))),
    'base64 of utf-8 in gzip': gzipSync(Buffer.from(json).toString('base64')),
  }
  for (const before of ['', 'a', 'ab']) {
    const text = `${before}${CANARY}${before}`
    cases[`base64 of utf-8 ${before}`] = Buffer.from(text).toString('base64')
    cases[`base64url of utf-8 ${before}`] = Buffer.from(`\xff\xfe${text}`).toString('base64url')
    cases[`base64 of utf-16le ${before}`] = Buffer.concat([Buffer.from(before), utf16(CANARY)]).toString('base64')
  }
  for (const [form, bytes] of Object.entries(cases)) {
    test(form, () => assert.notDeepEqual(findCanaries([CANARY], Buffer.from(bytes)), []))
  }
})

test('no canary is found where there is none', () => {
  const other = json.replace(CANARY, 'canary7q9y')
  for (const bytes of [Buffer.from(other), gzipSync(other), Buffer.from(other).toString('base64'), Buffer.alloc(99)]) {
    assert.deepEqual(findCanaries([CANARY], Buffer.from(bytes)), [])
  }
})

describe('frames of a WebSocket', () => {
  /** A frame as browsers send it. */
  const frame = (payload: Buffer, opcode = 1): Buffer => {
    const mask = Buffer.from([7, 77, 177, 247])
    const { length } = payload
    const head = Buffer.alloc(length < 126 ? 2 : length < 65_536 ? 4 : 10)
    head.writeUInt8(0x80 | opcode, 0)
    head.writeUInt8(0x80 | (length < 126 ? length : length < 65_536 ? 126 : 127), 1)
    if (head.length === 4) head.writeUInt16BE(length, 2)
    if (head.length === 10) head.writeBigUInt64BE(BigInt(length), 2)
    return Buffer.concat([head, mask, payload.map((byte, i) => byte ^ (mask[i % 4] ?? 0))])
  }
  const read = (...pieces: Buffer[]): Buffer[] => {
    const payloads: Buffer[] = []
    const reader = createFrameReader((payload) => payloads.push(payload))
    for (const piece of pieces) reader(piece)
    return payloads
  }

  for (const length of [0, 125, 126, 65_535, 65_536]) {
    test(`of ${length} bytes are unmasked`, () => {
      const payload = Buffer.alloc(length, 'canary')
      assert.deepEqual(read(frame(payload)), [payload])
    })
  }

  test('are read however the bytes are cut', () => {
    const bytes = Buffer.concat([frame(Buffer.from('canary')), frame(Buffer.alloc(300, '7'))])
    const payloads = read(...Array.from(bytes, (byte) => Buffer.of(byte)))
    assert.deepEqual(payloads.map(String), ['canary', '7'.repeat(300)])
  })
})
