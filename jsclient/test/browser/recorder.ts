/**
 * Writes down all that reaches a server: heads, bodies, frames of WebSockets. A page's own tools see no POST of a worker
 * or of a service worker, and no body of a beacon; the server gets them all.
 */
import type { IncomingMessage, Server } from 'node:http'
import type { Duplex } from 'node:stream'
import { acceptWebSocket, createFrameReader } from './recorder-websocket.ts'

type RequestHead = Pick<IncomingMessage, 'method' | 'url' | 'rawHeaders'>

/** One request, or one WebSocket with all that came through it. */
export class Arrival {
  /** Method, URL and headers, as they came. */
  readonly head: Buffer
  /** Method and path, such as "POST /upload". */
  readonly what: string
  readonly #pieces: Buffer[] = []

  constructor({ method, url, rawHeaders }: RequestHead) {
    this.what = `${method} ${new URL(url ?? '/', 'http://127.0.0.1').pathname}`
    this.head = Buffer.from([`${method} ${url}`, ...rawHeaders].join('\n'))
  }

  add(piece: Buffer): void {
    this.#pieces.push(piece)
  }

  /** The body so far, however it was cut into chunks or frames. */
  get body(): Buffer {
    return Buffer.concat(this.#pieces)
  }
}

export interface Recorder {
  /** In the order in which their heads came. */
  readonly arrivals: readonly Arrival[]
  /** Makes it listen to a server, as the option `tap` of test servers; WebSockets are accepted. */
  readonly tap: (server: Server) => void
}

export function createRecorder(): Recorder {
  const arrivals: Arrival[] = []
  const arrive = (request: RequestHead): Arrival => {
    const arrival = new Arrival(request)
    arrivals.push(arrival)
    return arrival
  }
  const tap = (server: Server): void => {
    server.on('request', (request: IncomingMessage) => {
      const arrival = arrive(request)
      request.on('data', (chunk: Buffer) => arrival.add(chunk))
    })
    server.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
      const arrival = arrive(request)
      const read = createFrameReader((payload) => arrival.add(payload))
      acceptWebSocket(request, socket)
      socket.on('data', read)
      socket.on('end', () => socket.end())
      socket.on('error', () => {})
      read(head)
    })
    server.on('clientError', ({ rawPacket }: Error & { rawPacket?: Buffer }, socket: Duplex) => {
      // Some is no HTTP at all; the other errors are connections that break.
      if (rawPacket) arrive({ method: 'UNREADABLE', url: '/', rawHeaders: [] }).add(rawPacket)
      socket.destroy()
    })
  }
  return { arrivals, tap }
}
