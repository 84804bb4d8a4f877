/**
 * Models' files in the Cache API, told from everybody else's: each says in its headers of which models it is, which
 * checksums it had, and how long it is. Every engine whose files pass through our hands, Transformers.js', ONNX Runtime's
 * and WebLLM's, stores them as `marked` makes them; `createCacheStore` then finds, sums up and removes them.
 */
import { passes } from './checksums.ts'

const MODELS_HEADER = 'x-edgewise-model'
const CHECKED_HEADER = 'x-edgewise-checked'

/** What a stored file says of itself. */
export interface Marks {
  /** Ids of the models that it is of: quantizations of one model share a tokenizer. None = it is not ours. */
  models: readonly string[]
  /** The checksums that it had when it was stored, as `checksumsOf` spells them; "" = none was known. */
  checksums: string
}

export function marksOf({ headers }: Response): Marks {
  return { models: idsIn(headers.get(MODELS_HEADER)), checksums: headers.get(CHECKED_HEADER) ?? '' }
}

/** None in what we can't have written. */
function idsIn(mark: string | null): string[] {
  try {
    return mark?.split(' ').map(decodeURIComponent) ?? []
  } catch {
    return []
  }
}

/**
 * A file as it is to be stored. `headers` are kept as far as they are not marks; where the body is a stream, their
 * `content-length` must be true.
 */
export function marked(
  body: Blob | ArrayBuffer | ReadableStream | null,
  { models, checksums }: Marks,
  headers?: Headers,
): Response {
  const all = new Headers(headers)
  all.set(MODELS_HEADER, models.map(encodeURIComponent).join(' '))
  all.set(CHECKED_HEADER, checksums)
  if (body instanceof Blob) all.set('content-length', String(body.size))
  if (body instanceof ArrayBuffer) all.set('content-length', String(body.byteLength))
  return new Response(body, { headers: all })
}

/** Bytes of a file of ours, without reading it. */
export function lengthOf({ headers }: Response): number {
  return Number(headers.get('content-length') ?? 0)
}

/**
 * Whether a load may count on a stored file, as far as can be told without reading it. It may not when the registry has
 * got other checksums since: its download is then to be announced like any other.
 */
export function seemsSound(file: Response, checksums: string): boolean {
  const { checksums: former } = marksOf(file)
  return checksums === '' || former === '' || former === checksums
}

/**
 * Whether a load may read a stored file: it is there, and its bytes have the checksums, if any are known. One that has
 * them not is removed; one of ours becomes one of this model as well. Reading and hashing once more cost a second for
 * some 350 MB: SHA-256 does 700 MB/s in Chromium on one core, and the cache gives 800.
 */
export async function admit(cache: Cache, url: string, modelId: string, checksums: string): Promise<boolean> {
  const file = await cache.match(url)
  if (!file) return false
  const { models, checksums: former } = marksOf(file)
  const bytes = checksums === '' ? undefined : await file.arrayBuffer()
  if (bytes && !(await passes(bytes, checksums))) {
    await cache.delete(url)
    return false
  }
  const isNews = !models.includes(modelId) || (bytes && checksums !== former)
  if (models.length > 0 && isNews) {
    const marks = { models: [...new Set([...models, modelId])], checksums: checksums || former }
    // A store that is full may refuse; the file is then not this model's, or gone, and fetched.
    await cache.put(url, marked(bytes ?? (await file.blob()), marks, file.headers)).catch(() => {})
  }
  return true
}
