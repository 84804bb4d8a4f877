/**
 * A model's files: from the store, else from the network, counted, checked and stored one by one, so that a download that
 * is broken off goes on with the files that it lacks.
 */

import { passes } from '../../engine/checksums.ts'
import { describe } from '../../engine/describe.ts'
import { codeOfStatus } from '../../engine/http-status.ts'
import { admit, marked } from '../../engine/stored-files.ts'
import type { EngineErrorCode } from '../../errors/engine-error.ts'
import { ModelLoadError } from '../../errors/engine-model-load-error.ts'
import type { ModelInfo } from '../../wire.ts'
import type { ModelSource } from './source.ts'
import { CACHE_NAME, checksumsAt } from './source.ts'
import type { Traffic } from './traffic.ts'

export interface ModelFiles {
  read(url: string): Promise<ArrayBuffer>
  /** Undefined when there is no such file. */
  readOptional(url: string): Promise<ArrayBuffer | undefined>
  /** Takes files out of the store, those that this load put there or all that it read; no more come in. */
  forget(which: 'fresh' | 'all'): Promise<void>
}

export async function openFiles(
  info: ModelInfo,
  source: ModelSource,
  traffic: Traffic,
  signal: AbortSignal,
): Promise<ModelFiles> {
  const fail = (code: EngineErrorCode, message: string, cause?: unknown) =>
    new ModelLoadError(info.id, `${info.id} could not be loaded: ${message}`, { code, cause })
  const store = await caches.open(CACHE_NAME).catch((error) => {
    throw fail('download_failed', `the browser's cache can't be opened: ${describe(error).message}`, error)
  })
  /** Whether this load stored them, by the URL of every file that it has to do with. */
  const used = new Map<string, boolean>()
  /** Settle with the files that were asked for. */
  const reads: Promise<unknown>[] = []
  /** Aborts when no more files come in. */
  const closed = new AbortController()
  const ended = AbortSignal.any([signal, closed.signal])

  const keep = async (url: string, file: Blob, checksums: string): Promise<void> => {
    if (closed.signal.aborted) return
    try {
      used.set(url, true)
      await store.put(url, marked(file, { models: [info.id], checksums }))
    } catch (error) {
      const { name, message } = describe(error)
      throw name === 'QuotaExceededError'
        ? fail('quota_exceeded', 'its files do not fit into what the browser stores for this site; free space', error)
        : fail('download_failed', `its files could not be stored: ${message}`, error)
    }
  }

  const download = async (url: string, optional: boolean, checksums: string): Promise<ArrayBuffer | undefined> => {
    const part = traffic.fromNetwork()
    try {
      // The browser's own cache would keep a second copy, of a broken file as well.
      const response = await fetch(url, { signal: ended, cache: 'no-store' })
      const { ok, status, headers } = response
      const isPage = /^text\/html/i.test(headers.get('content-type') ?? '')
      // Buckets say 403 of what they don't have.
      const isMissing = !ok && codeOfStatus(status) === 'model_not_found'
      if (optional && (isPage || isMissing)) {
        // Empty, it says that there is none, so that no later load has to ask.
        await keep(url, new Blob([]), '')
        return undefined
      }
      if (!ok) {
        throw isMissing
          ? fail('model_not_found', `${url} is not there (${status}); check the model's source`)
          : fail('download_failed', `${url} was answered with ${status}; try again later`)
      }
      if (isPage) throw fail('invalid_files', `${url} is a page of HTML, not a model's file; check the server's paths`)

      // A length is that of what travels: compression makes it another one, and other origins hide that there is any.
      const length = headers.has('content-encoding') ? undefined : Number(headers.get('content-length') ?? Number.NaN)
      part.total(length)
      const blob = await new Response(response.body?.pipeThrough(part.counter())).blob()
      if (response.type !== 'cors' && blob.size < (length ?? 0)) {
        throw fail('invalid_files', `${url} ended after ${blob.size} of ${length} bytes; try again`)
      }
      const bytes = await blob.arrayBuffer()
      if (checksums && !(await passes(bytes, checksums))) {
        throw fail('invalid_files', `${url} does not have the checksum that the registry names; mend one of the two`)
      }
      await keep(url, blob, checksums)
      return bytes
    } catch (error) {
      if (error instanceof ModelLoadError || ended.aborted) throw error
      throw fail('download_failed', `${url} could not be fetched: ${describe(error).message}; try again`, error)
    } finally {
      part.end()
    }
  }

  const bytesOf = async (url: string, optional: boolean): Promise<ArrayBuffer | undefined> => {
    used.set(url, false)
    const checksums = checksumsAt(info, source, url)
    const file = (await admit(store, url, info.id, checksums)) ? await store.match(url) : undefined
    if (!file) return download(url, optional, checksums)
    const bytes = await file.arrayBuffer()
    traffic.fromDisk(bytes.byteLength)
    return optional && bytes.byteLength === 0 ? undefined : bytes
  }

  const read = (url: string, optional: boolean): Promise<ArrayBuffer | undefined> => {
    const bytes = bytesOf(url, optional)
    // Without the bytes, which would be kept as long as this is.
    const settled = () => {}
    reads.push(bytes.then(settled, settled))
    return bytes
  }

  return {
    read: (url) => read(url, false) as Promise<ArrayBuffer>,
    readOptional: (url) => read(url, true),

    async forget(which) {
      closed.abort()
      // What is being stored would come in behind the broom.
      await Promise.all(reads)
      for (const [url, isFresh] of used) if (isFresh || which === 'all') await store.delete(url)
    },
  }
}
