/** A model's files, served as servers and networks spoil them. */
import { readFile } from 'node:fs/promises'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { join, normalize } from 'node:path'

/** What is wrong with the file that holds the weights. */
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

const HTML = '<!doctype html><title>App</title><div id="root"></div>'

/**
 * A route for the prefix `/faulty/`: `/faulty/{fault}/{path}` is the file under `root`, and is spoiled where `weights`
 * matches its path. Everything is whole under `/faulty/none/`.
 */
export function faultyFiles(root: string, weights: RegExp) {
  return {
    async '/faulty/'(request: IncomingMessage, response: ServerResponse): Promise<void> {
      const { pathname } = new URL(request.url ?? '/', 'http://127.0.0.1')
      const [, fault = '', path = ''] = /^\/faulty\/([^/]+)\/(.+)$/.exec(pathname) ?? []
      const bytes = await readFile(join(root, normalize(`/${path}`))).catch(() => undefined)
      if (!bytes) return void response.writeHead(404).end('not found')
      const type = path.endsWith('.json') ? 'application/json' : 'application/octet-stream'
      response.setHeader('content-type', type)
      if (!weights.test(path)) return void response.end(bytes)
      const half = bytes.subarray(0, bytes.length / 2)
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
          bytes.fill(0xa5, 0, 1000).fill(0xa5, bytes.length / 2, bytes.length / 2 + 1000)
          return void response.end(bytes)
        default:
          response.end(bytes)
      }
    },
  }
}
