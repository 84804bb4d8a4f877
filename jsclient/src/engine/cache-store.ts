/** `Engine.store` of the engines that keep marked files in the Cache API. Runs in the page, and loads no package. */

import { raceAbort } from '../errors/abort.ts'
import { EngineError } from '../errors/engine-error.ts'
import type { ModelInfo } from '../wire.ts'
import { describe } from './describe.ts'
import type { EngineStore } from './engine.ts'
import { lengthOf, marked, marksOf, seemsSound } from './stored-files.ts'

/** What differs from engine to engine. */
export interface CacheStoreParts {
  /** Names of the caches. */
  caches: readonly string[]
  /** As the store's own; may reject in any way. */
  missingBytes(model: ModelInfo, signal: AbortSignal | undefined): Promise<number | undefined>
  /** Tells which URLs files of the model may have by its present entry; in doubt, they may. Must not throw. */
  belongs(model: ModelInfo): (url: string) => boolean
}

export function createCacheStore({ caches: names, missingBytes, belongs }: CacheStoreParts): EngineStore {
  return {
    missingBytes: (model, { signal } = {}) => guard(missingBytes(model, signal), signal),

    storedBytes(model, { signal } = {}) {
      const sum = async () => {
        let bytes = 0
        for await (const { file } of filesOf(model.id, names, signal)) bytes += lengthOf(file)
        return bytes
      }
      return guard(sum(), signal)
    },

    remove: (model, { signal } = {}) => guard(take(model.id, names, signal), signal),

    async removeOld(model, { signal } = {}) {
      const isPresent = belongs(model)
      const isOld = (url: string) => !isPresent(url)
      await guard(take(model.id, names, signal, isOld), signal)
    },
  }
}

/** The cache of that name; undefined when there is none, or no Cache API. */
export async function existingCache(name: string): Promise<Cache | undefined> {
  return globalThis.caches && (await caches.has(name)) ? caches.open(name) : undefined
}

/** A small file that is stored. Undefined as well when it can't be read. */
export async function storedJSON(cache: Cache | undefined, url: string | undefined): Promise<object | undefined> {
  const file = url && (await cache?.match(url))
  return file ? file.json().catch(() => undefined) : undefined
}

/** A file that a load would read. */
export interface NeededFile {
  url: string
  /** "" = none is known. */
  checksums: string
  /** A model may do without, and sound ones do. */
  optional?: boolean
}

/** Those of the files that a load would fetch. */
export async function missingFiles(cache: Cache | undefined, files: readonly NeededFile[]): Promise<NeededFile[]> {
  const found = await Promise.all(
    files.map(async ({ url, checksums }) => {
      const file = await cache?.match(url)
      return file !== undefined && seemsSound(file, checksums)
    }),
  )
  return files.filter((_, i) => !found[i])
}

interface StoredFile {
  cache: Cache
  url: string
  file: Response
}

async function* filesOf(
  modelId: string,
  names: readonly string[],
  signal: AbortSignal | undefined,
): AsyncGenerator<StoredFile> {
  for (const name of names) {
    const cache = await existingCache(name)
    for (const { url } of (await cache?.keys()) ?? []) {
      signal?.throwIfAborted()
      const file = await cache?.match(url)
      if (cache && file && marksOf(file).models.includes(modelId)) yield { cache, url, file }
    }
  }
}

/**
 * Takes files from a model, and out of the cache unless others have them too. Marking those anew copies them, for which a
 * full disk has no room: they come last, and one that keeps its mark is only counted for this model as well.
 */
async function take(
  modelId: string,
  names: readonly string[],
  signal: AbortSignal | undefined,
  which: (url: string) => boolean = () => true,
): Promise<void> {
  const shared: StoredFile[] = []
  for await (const stored of filesOf(modelId, names, signal)) {
    if (!which(stored.url)) continue
    if (marksOf(stored.file).models.length > 1) shared.push(stored)
    else await stored.cache.delete(stored.url)
  }
  for (const { cache, url, file } of shared) {
    signal?.throwIfAborted()
    const { models, checksums } = marksOf(file)
    const marks = { models: models.filter((id) => id !== modelId), checksums }
    await cache.put(url, marked(await file.blob(), marks, file.headers)).catch(() => {})
  }
}

/** Rejects as a store must. */
function guard<T>(work: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  const named = work.catch((cause) => {
    if (cause instanceof EngineError) throw cause
    const message = `the browser's cache failed: ${describe(cause).message}`
    throw new EngineError(message, { stage: 'load', code: 'download_failed', cause })
  })
  return raceAbort(named, signal)
}
