/** One file, served as the servers of models do it: with a version, ranges, and pauses. */
import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import type { IncomingMessage, ServerResponse } from 'node:http'

/** The tiny model. */
export const content: Buffer = readFileSync(
  new URL('../../../examples/tinymodel/files/edgewise-tiny-v1/edgewise-tiny-v1-q8_0.gguf', import.meta.url),
)

/** Of the file on the shelf under that name, as a registry lists it. */
export const sha256: Record<string, string> = { 'a.gguf': createHash('sha256').update(content).digest('hex') }

export interface Shelf {
  /** "" = the server names no version. */
  etag: string
  knowsRanges: boolean
  /** Where in the file the server falls silent. */
  pauseAt: number
  /** What was asked, in order: "HEAD", "GET", or "GET" and a range. */
  readonly asked: string[]
  /** Sends the rest of what is paused, */
  go(): void
  /** or breaks it. */
  cut(): void
  readonly route: (request: IncomingMessage, response: ServerResponse) => void
}

export function createShelf(): Shelf {
  const paused = new Set<ServerResponse>()
  const shelf: Shelf = {
    etag: '"v1"',
    knowsRanges: true,
    pauseAt: Number.POSITIVE_INFINITY,
    asked: [],
    go() {
      for (const response of paused) response.end(content.subarray(shelf.pauseAt))
      paused.clear()
    },
    cut() {
      for (const response of paused) response.destroy()
      paused.clear()
    },
    route({ method = '', headers: { range } }, response) {
      const { etag, knowsRanges, pauseAt, asked } = shelf
      asked.push(range ? `${method} ${range}` : method)
      const start = knowsRanges ? Number(/^bytes=(\d+)-$/.exec(range ?? '')?.[1] ?? 0) : 0
      if (etag) response.setHeader('etag', etag)
      if (start > 0) {
        response.statusCode = 206
        response.setHeader('content-range', `bytes ${start}-${content.length - 1}/${content.length}`)
      }
      response.setHeader('content-length', content.length - start)
      if (method === 'HEAD' || pauseAt >= content.length) return void response.end(content.subarray(start))
      response.write(content.subarray(start, pauseAt))
      paused.add(response)
    },
  }
  return shelf
}
