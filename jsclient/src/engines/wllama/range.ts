/** Asks a server for a file, or for what is missing of it. */
import type { Note } from './disk.ts'

/**
 * The server's name for the bytes of an answer: its entity tag, else its date; "" = none. By it the rest of a file is
 * told from the rest of another one.
 */
export function versionOf({ headers }: Response): string {
  const etag = headers.get('etag')
  // A weak tag is for all files that mean the same.
  return (etag?.startsWith('W/') ? null : etag) ?? headers.get('last-modified') ?? ''
}

/** Bytes that an answer announces; NaN = it doesn't say. */
export function lengthOf({ headers }: Response): number {
  // What travels compressed has another length than the file.
  return headers.has('content-encoding') ? Number.NaN : Number(headers.get('content-length') ?? Number.NaN)
}

/** How many bytes of a file are there that a download can go on from, if the server still has that version. */
export function begunBytes(note: Note | undefined, size: number): number {
  return note?.version && size < note.originalSize ? size : 0
}

export interface Reply {
  response: Response
  /** Where in the file its body begins. */
  start: number
}

/**
 * Asks for a file, from byte `begun` if the server has that version of it and knows ranges, else from its beginning. It
 * compares versions itself: `If-Range` would need a preflight at another origin, which hosts of models don't answer.
 */
export async function ask(url: string, begun: number, note: Note | undefined, signal: AbortSignal): Promise<Reply> {
  // The HTTP cache would keep a second copy, of a broken file too.
  const get = (headers: HeadersInit) => fetch(url, { headers, signal, cache: 'no-store' })
  if (note && begun > 0) {
    const response = await get({ range: `bytes=${begun}-` })
    if (response.status === 200) return { response, start: 0 }
    // Other origins hide where it begins.
    const begins = response.headers.get('content-range')?.startsWith(`bytes ${begun}-`) ?? true
    const isRest = begins && lengthOf(response) === note.originalSize - begun
    if (response.status === 206 && isRest && versionOf(response) === note.version) return { response, start: begun }
    void response.body?.cancel()
  }
  return { response: await get({}), start: 0 }
}
