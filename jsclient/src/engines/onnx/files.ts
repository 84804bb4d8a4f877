/** A model's files: from the store, else from the network, counted and checked. */

import { passes } from '../../engine/checksums.ts'
import { describe } from '../../engine/describe.ts'
import { codeOfStatus } from '../../engine/http-status.ts'
import type { EngineErrorCode } from '../../errors/engine-error.ts'
import { ModelLoadError } from '../../errors/engine-model-load-error.ts'
import type { ModelInfo } from '../../wire.ts'
import type { ModelSource } from './source.ts'
import { checksumsAt, openStore, put, stored } from './store.ts'
import type { Traffic } from './traffic.ts'

export interface ModelFiles {
  read(url: string): Promise<ArrayBuffer>
  /** Undefined when there is no such file. */
  readOptional(url: string): Promise<ArrayBuffer | undefined>
  /** Stores what came from the network, now that a model was made from it. */
  keep(): Promise<void>
  /** Takes the model's files out of the store. */
  forget(): Promise<void>
}

export async function openFiles(
  info: ModelInfo,
  source: ModelSource,
  traffic: Traffic,
  signal: AbortSignal,
): Promise<ModelFiles> {
  const fail = (code: EngineErrorCode, message: string, cause?: unknown) =>
    new ModelLoadError(info.id, `${info.id} could not be loaded: ${message}`, { code, cause })
  const store = await openStore().catch((error) => {
    throw fail('download_failed', `the browser's cache can't be opened: ${describe(error).message}`, error)
  })
  const checksums = (url: string) => checksumsAt(info, source, url)
  const fresh = new Map<string, Blob>()
  const known = new Set<string>()

  const download = async (url: string, optional: boolean): Promise<ArrayBuffer | undefined> => {
    const part = traffic.fromNetwork()
    try {
      // The browser's own cache would keep a second copy, of a broken file as well.
      const response = await fetch(url, { signal, cache: 'no-store' })
      const { ok, status, headers } = response
      const isPage = /^text\/html/i.test(headers.get('content-type') ?? '')
      // Buckets say 403 of what they don't have.
      const isMissing = !ok && codeOfStatus(status) === 'model_not_found'
      if (optional && (isPage || isMissing)) {
        // Empty, it says that there is none, so that no later load has to ask.
        fresh.set(url, new Blob([]))
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
      if (checksums(url) && !(await passes(bytes, checksums(url)))) {
        throw fail('invalid_files', `${url} does not have the checksum that the registry names; mend one of the two`)
      }
      fresh.set(url, blob)
      return bytes
    } catch (error) {
      if (error instanceof ModelLoadError || signal.aborted) throw error
      throw fail('download_failed', `${url} could not be fetched: ${describe(error).message}; try again`, error)
    } finally {
      part.end()
    }
  }

  const read = async (url: string, optional: boolean): Promise<ArrayBuffer | undefined> => {
    known.add(url)
    const bytes = await (await stored(store, url, checksums(url)))?.arrayBuffer()
    if (!bytes) return download(url, optional)
    traffic.fromDisk(bytes.byteLength)
    return optional && bytes.byteLength === 0 ? undefined : bytes
  }

  const remove = async (urls: Iterable<string>) => {
    for (const url of urls) await store.delete(url)
  }

  return {
    read: (url) => read(url, false) as Promise<ArrayBuffer>,
    readOptional: (url) => read(url, true),
    forget: () => remove(known),

    async keep() {
      // The graph last, so that where it is, all is.
      const order = [...fresh].sort(([a], [b]) => Number(a === source.graphURL) - Number(b === source.graphURL))
      try {
        for (const [url, file] of order) await put(store, url, checksums(url), file)
      } catch (error) {
        await remove(fresh.keys())
        const { name, message } = describe(error)
        throw name === 'QuotaExceededError'
          ? fail('quota_exceeded', 'its files do not fit into what the browser stores for this site; free space', error)
          : fail('download_failed', `its files could not be stored: ${message}`, error)
      }
    },
  }
}
