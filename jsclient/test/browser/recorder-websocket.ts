/** As much of WebSockets (RFC 6455) as it takes to accept one and to read what the page sends. */
import { createHash } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'

const GUID = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11'

/** Accepts a WebSocket without extensions, so that nothing in it is compressed. */
export function acceptWebSocket({ headers }: IncomingMessage, socket: Duplex): void {
  const accept = createHash('sha1').update(`${headers['sec-websocket-key']}${GUID}`).digest('base64')
  const lines = ['HTTP/1.1 101 Switching Protocols', 'Upgrade: websocket', 'Connection: Upgrade']
  socket.write(`${[...lines, `Sec-WebSocket-Accept: ${accept}`].join('\r\n')}\r\n\r\n`)
}

/** Reads bytes as they come, cut anywhere; gives the payload of each frame, unmasked. */
export function createFrameReader(onPayload: (payload: Buffer) => void): (bytes: Buffer) => void {
  let rest: Buffer = Buffer.alloc(0)
  return (bytes) => {
    rest = Buffer.concat([rest, bytes])
    for (let frame = readFrame(rest); frame; frame = readFrame(rest)) {
      onPayload(frame.payload)
      rest = rest.subarray(frame.end)
    }
  }
}

/** The first frame; undefined while it is not whole. */
function readFrame(bytes: Buffer): { payload: Buffer; end: number } | undefined {
  if (bytes.length < 2) return undefined
  const second = bytes.readUInt8(1)
  const short = second & 0x7f
  const lengthBytes = short === 126 ? 2 : short === 127 ? 6 : 0
  // Of eight bytes of length the first two are 0: nobody sends so much here.
  const lengthAt = short === 127 ? 4 : 2
  const maskAt = lengthAt + lengthBytes
  const start = maskAt + (second & 0x80 ? 4 : 0)
  if (bytes.length < start) return undefined
  const end = start + (lengthBytes === 0 ? short : bytes.readUIntBE(lengthAt, lengthBytes))
  if (bytes.length < end) return undefined
  const mask = bytes.subarray(maskAt, start)
  const payload = Buffer.from(bytes.subarray(start, end))
  return { payload: mask.length === 0 ? payload : (payload.map((byte, i) => byte ^ (mask[i % 4] ?? 0)) as Buffer), end }
}
