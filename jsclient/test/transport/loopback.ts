import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { TestContext } from 'node:test'

/** A request as it reached the server. */
export interface Seen {
  method: string
  url: string
  headers: IncomingMessage['headers']
  body: string
}

export type Handler = (response: ServerResponse, seen: Seen) => void | Promise<void>

export interface Loopback {
  /** Base address with the prefix "/api/v1". */
  baseURL: string
  /** Requests in the order in which their bodies were complete. */
  seen: Seen[]
}

/** A real HTTP server on the loopback interface that lives as long as the test. */
export async function loopback(t: TestContext, handler: Handler): Promise<Loopback> {
  const seen: Seen[] = []
  const server = createServer((request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      const { method = '', url = '', headers } = request
      const entry = { method, url, headers, body: Buffer.concat(chunks).toString() }
      seen.push(entry)
      void handler(response, entry)
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.after(() => {
    server.closeAllConnections()
    server.close()
  })
  const { port } = server.address() as AddressInfo
  return { baseURL: `http://127.0.0.1:${port}/api/v1`, seen }
}

export function sendJSON(response: ServerResponse, value: unknown, status = 200, headers = {}): void {
  response.writeHead(status, { 'content-type': 'application/json', ...headers })
  response.end(JSON.stringify(value))
}

export function sendError(response: ServerResponse, status: number, error: object, headers = {}): void {
  sendJSON(response, { error }, status, headers)
}

/** Answers with server-sent events, one string a write; the stream stays open unless the last is "[DONE]". */
export function sendEvents(response: ServerResponse, events: readonly string[]): void {
  response.writeHead(200, { 'content-type': 'text/event-stream; charset=utf-8' })
  for (const data of events) response.write(`data: ${data}\n\n`)
  if (events.at(-1) === '[DONE]') response.end()
}

/** A chunk of a streamed chat completion, as JSON. */
export function chunk(content: string, finish: string | null = null): string {
  return JSON.stringify({
    id: 'c1',
    object: 'chat.completion.chunk',
    created: 1,
    model: 'm',
    choices: [{ index: 0, delta: { content }, finish_reason: finish }],
  })
}

/** What a promise rejects with; fails if it does not reject. */
export async function rejection(promise: Promise<unknown>): Promise<unknown> {
  try {
    await promise
  } catch (error) {
    return error
  }
  throw new Error('the promise was expected to reject')
}
