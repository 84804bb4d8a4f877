/**
 * A proxy before the demo that writes down what reaches the server: a page's own tools see no POST of a worker and no
 * body of a beacon.
 */
import { once } from 'node:events'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { createServer, request } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setTimeout } from 'node:timers/promises'

export interface Recorded {
  /** Method and path. */
  readonly what: string
  /** Head and body, as they came. */
  readonly bytes: Buffer
  /** Whether the client left before the answer was complete. */
  readonly left: Promise<boolean>
}

export interface Recorder extends AsyncDisposable {
  readonly origin: string
  readonly requests: readonly Recorded[]
  /** Forgets what came so far. */
  clear(): void
}

export async function startRecorder(target: string): Promise<Recorder> {
  const requests: Recorded[] = []
  const server = createServer((incoming, response) => {
    void relay(target, incoming, response, requests).catch(() => response.destroy())
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  return {
    origin: `http://localhost:${port}`,
    requests,
    clear: () => void requests.splice(0),
    async [Symbol.asyncDispose]() {
      server.close()
      server.closeAllConnections()
      await once(server, 'close')
    },
  }
}

async function relay(target: string, incoming: IncomingMessage, response: ServerResponse, requests: Recorded[]) {
  const body = Buffer.concat(await incoming.toArray())
  const { method = 'GET', url = '/', headers } = incoming
  const head = [`${method} ${url}`, ...incoming.rawHeaders].join('\n')
  const left = once(response, 'close').then(() => !response.writableFinished)
  requests.push({ what: `${method} ${url}`, bytes: Buffer.concat([Buffer.from(`${head}\n`), body]), left })
  const outgoing = request(new URL(url, target), { method, headers })
  response.on('close', () => outgoing.destroy())
  outgoing.end(body)
  const [answer] = (await once(outgoing, 'response')) as [IncomingMessage]
  response.writeHead(answer.statusCode ?? 502, answer.headers)
  const streams = answer.headers['content-type']?.startsWith('text/event-stream')
  for await (const chunk of answer) {
    if (streams) await drip(chunk, response)
    else response.write(chunk)
  }
  response.end()
}

/**
 * Passes events on one by one, with a pause after each, as a network far away does. The tiny model says all it has within
 * milliseconds: without the pause a busy browser could not stop it in time.
 */
async function drip(chunk: Buffer, response: ServerResponse): Promise<void> {
  for (const event of chunk.toString('latin1').split(/(?<=\n\n)/)) {
    response.write(event, 'latin1')
    await setTimeout(4)
  }
}

/** A text in the forms in which it might leave: plain, UTF-16, escaped, and base64 at its three alignments. */
export function disguises(text: string): Buffer[] {
  const plain = Buffer.from(text)
  const base64 = [0, 1, 2].map((offset) => {
    const shifted = Buffer.concat([Buffer.alloc(offset), plain])
    // The first and last group also hold what is beside the text.
    return shifted.toString('base64').slice(4, -4)
  })
  const percent = [...plain].map((byte) => `%${byte.toString(16).padStart(2, '0')}`).join('')
  const json = [...text].map((char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`).join('')
  return [
    plain,
    Buffer.from(text, 'utf16le'),
    ...[encodeURIComponent(text), percent, json, ...base64].map((s) => Buffer.from(s)),
  ]
}
