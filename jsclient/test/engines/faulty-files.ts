/** A model's files, served as servers and networks spoil them. */
import { readFile } from 'node:fs/promises'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { extname, join, normalize } from 'node:path'

/** What is wrong with a file, such as the one that holds the weights. */
export const FAULTS = [
  /** 404. */
  'missing',
  /** 500. */
  'failing',
  /** 200 and a page of HTML, as servers of single-page apps answer for whatever they don't have. */
  'html',
  /** Half of it, as if that were all. */
  'truncated',
  /** Half of it, then the connection breaks. */
  'cut',
  /** All of it, a thousand bytes at its head and as many in the middle overwritten. */
  'corrupted',
] as const

export type Fault = (typeof FAULTS)[number]

const TYPES: Record<string, string> = {
  '.json': 'application/json',
  '.mjs': 'text/javascript',
  '.wasm': 'application/wasm',
}

const HTML = '<!doctype html><title>App</title><div id="root"></div>'

/**
 * A route for a prefix, `/faulty/` unless you name another: `/faulty/{fault}/{path}` is the file under `root`, and is
 * spoiled where `spoiled` matches its path. Everything is whole under `/faulty/none/`.
 */
export function faultyFiles(root: string, spoiled: RegExp, prefix = '/faulty/') {
  return {
    async [prefix](request: IncomingMessage, response: ServerResponse): Promise<void> {
      const { pathname } = new URL(request.url ?? '/', 'http://127.0.0.1')
      const [, fault = '', path = ''] = /^([^/]+)\/(.+)$/.exec(pathname.slice(prefix.length)) ?? []
      const bytes = await readFile(join(root, normalize(`/${path}`))).catch(() => undefined)
      if (!bytes) return void response.writeHead(404).end('not found')
      response.setHeader('content-type', TYPES[extname(path)] ?? 'application/octet-stream')
      if (!spoiled.test(path)) return void response.end(bytes)
      const middle = Math.floor(bytes.length / 2)
      const half = bytes.subarray(0, middle)
      switch (fault as Fault) {
        case 'missing':
          return void response.writeHead(404).end('not found')
        case 'failing':
          return void response.writeHead(500).end('out of order')
        case 'html':
          return void response.setHeader('content-type', 'text/html').end(HTML)
        case 'truncated':
          return void response.end(half)
        case 'cut':
          response.writeHead(200, { 'content-length': bytes.length })
          return void response.write(half, () => response.destroy())
        case 'corrupted':
          bytes.fill(0xa5, 0, Math.min(1000, middle)).fill(0xa5, middle, Math.min(middle + 1000, bytes.length))
          return void response.end(bytes)
        default:
          response.end(bytes)
      }
    },
  }
}
