/** A static server on the loopback for browser tests. It remembers what was asked of it. */
import { createReadStream } from 'node:fs'
import { stat } from 'node:fs/promises'
import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { extname, join, normalize } from 'node:path'

export interface ServerOptions {
  /** Directories by URL prefix, such as "/npm/". */
  dirs?: Record<string, string>
  /** Contents by path, such as "/page.js". */
  files?: Record<string, string | Uint8Array>
  /** Handlers by path, or by a prefix that ends with a slash; they win. */
  routes?: Record<string, (request: IncomingMessage, response: ServerResponse) => void | Promise<void>>
  /** Sent with every answer, such as COOP and COEP. */
  headers?: Record<string, string>
  /** Gets the server before its first request, to listen to it as well. */
  tap?: (server: Server) => void
}

export interface TestServer {
  /** "http://127.0.0.1:port" */
  readonly origin: string
  /** Path of every request so far, with " (206)" for ranges. */
  readonly requests: string[]
  readonly options: ServerOptions
  close(): Promise<void>
}

const TYPES: Record<string, string> = {
  '.html': 'text/html',
  '.js': 'text/javascript',
  '.mjs': 'text/javascript',
  '.json': 'application/json',
  '.wasm': 'application/wasm',
}

export async function startServer(options: ServerOptions): Promise<TestServer> {
  const requests: string[] = []
  const server = createServer((request, response) => {
    for (const [name, value] of Object.entries(options.headers ?? {})) response.setHeader(name, value)
    answer(request, response, options, requests).catch(() => response.destroy())
  })
  options.tap?.(server)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return {
    origin: `http://127.0.0.1:${port}`,
    requests,
    options,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

function isUnder(prefix: string, pathname: string): boolean {
  return prefix.endsWith('/') && pathname.startsWith(prefix)
}

async function answer(
  request: IncomingMessage,
  response: ServerResponse,
  { dirs = {}, files = {}, routes = {} }: ServerOptions,
  requests: string[],
): Promise<void> {
  const { pathname } = new URL(request.url ?? '/', 'http://127.0.0.1')
  // Chromium asks for it whenever it likes.
  if (pathname === '/favicon.ico') return void response.writeHead(204).end()
  const range = /^bytes=(\d+)-(\d*)$/.exec(request.headers.range ?? '')
  requests.push(range ? `${pathname} (206)` : pathname)
  const route = routes[pathname] ?? routes[Object.keys(routes).find((path) => isUnder(path, pathname)) ?? '']
  if (route) return route(request, response)
  response.setHeader('content-type', TYPES[extname(pathname)] ?? 'application/octet-stream')
  if (pathname === '/')
    return void response.setHeader('content-type', 'text/html').end('<!doctype html><title>test</title>')
  const content = files[pathname]
  if (content !== undefined) return void response.end(content)

  const prefix = Object.keys(dirs).find((start) => pathname.startsWith(start))
  const path = prefix && join(dirs[prefix] ?? '', normalize(decodeURIComponent(`/${pathname.slice(prefix.length)}`)))
  const facts = path ? await stat(path).catch(() => undefined) : undefined
  if (!path || !facts?.isFile()) return void response.writeHead(404).end('not found')
  const { size } = facts
  if (!range) return void createReadStream(path).pipe(response.setHeader('content-length', size))
  const start = Number(range[1])
  const end = range[2] ? Math.min(Number(range[2]), size - 1) : size - 1
  response.writeHead(206, { 'content-range': `bytes ${start}-${end}/${size}`, 'content-length': end - start + 1 })
  createReadStream(path, { start, end }).pipe(response)
}
