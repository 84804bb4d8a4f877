/**
 * The files of one load, between the package and the network: fetched, checked, and kept in the Cache API. What the
 * package would keep without a look, and then fail by at every later visit, does not stay there: pages of HTML, files
 * that fail their checksums, and files that turn out not to be a model's. And what it would only log ends the load.
 */
import { deferred } from '../../engine/abort.ts'
import { checksumsOf, passes } from '../../engine/checksums.ts'
import { describe } from '../../engine/describe.ts'
import { codeOfStatus } from '../../engine/http-status.ts'
import { admit, marked } from '../../engine/stored-files.ts'
import type { EngineErrorCode } from '../../errors/engine-error.ts'
import { ModelLoadError } from '../../errors/engine-model-load-error.ts'
import type { ModelInfo } from '../../wire.ts'
import type { FileCache } from './peer.ts'
import { CACHE_NAME } from './source.ts'

export interface ModelFiles {
  /** For the package's `env.fetch`, */
  fetch(input: string | URL, init?: RequestInit): Promise<Response>
  /** and its `env.customCache`. */
  readonly cache: FileCache
  /** Rejects with a `ModelLoadError` when a file can't be had or kept. Never resolves. */
  readonly failed: Promise<never>
  /** URLs of the files that came from the network. */
  readonly downloads: ReadonlySet<string>
  /** What the server answered instead of a file, by URL: a status, or 'HTML'. Sound models too lack some files. */
  readonly refusals: ReadonlyMap<string, number | 'HTML'>
  /** Whether a file is the model's own, and not ONNX Runtime's. */
  isModels(url: string): boolean
  /** Takes files out of the cache that this load read from it or put into it, where `which` says so; no more come in. */
  discard(which: (url: string, storedNow: boolean) => boolean): Promise<void>
}

/** `root` is the URL that the model's files begin with. */
export function openFiles(model: ModelInfo, root: string, signal: AbortSignal): ModelFiles {
  const downloads = new Set<string>()
  const refusals = new Map<string, number | 'HTML'>()
  /** Whether this load put them into the cache, by the URL of every file that it has to do with. */
  const used = new Map<string, boolean>()
  /** Whether what is stored may be read, by URL. */
  const admitted = new Map<string, Promise<boolean>>()
  const failed = deferred<never>()
  /** Aborts when no more files come in. */
  const closed = new AbortController()
  const ended = AbortSignal.any([signal, closed.signal])
  const puts: Promise<void>[] = []
  // None in some frames of other origins: the model then runs, and is fetched at each visit.
  const store = caches.open(CACHE_NAME).catch(() => undefined)

  const fail = (message: string, code: EngineErrorCode, cause?: unknown) =>
    failed.reject(new ModelLoadError(model.id, `${model.id} could not be loaded: ${message}`, { code, cause }))

  const isModels = (url: string) => url.startsWith(root)
  const expected = (url: string) => (isModels(url) ? checksumsOf(model, url.slice(root.length)) : '')

  async function put(url: string, response: Response): Promise<void> {
    const checksums = expected(url)
    // Of the model's files the package knows the length; of others it says the one that travelled, maybe compressed.
    const body = checksums === '' && isModels(url) ? response.body : await response.arrayBuffer()
    if (checksums !== '' && body instanceof ArrayBuffer && !(await passes(body, checksums))) {
      return fail(`${url} does not have the checksum of the model's entry; mend the server`, 'invalid_files')
    }
    if (closed.signal.aborted) return
    try {
      await (await store)?.put(url, marked(body, { models: [model.id], checksums }, response.headers))
      admitted.set(url, Promise.resolve(true))
      used.set(url, true)
    } catch (error) {
      const { name, message } = describe(error)
      if (name === 'QuotaExceededError') {
        fail("the browser's storage for this site is full; take a smaller model, or free some", 'quota_exceeded', error)
      } else {
        fail(`${url} could not be stored: ${message}; try again`, 'download_failed', error)
      }
    }
  }

  return {
    downloads,
    refusals,
    failed: failed.promise,

    async fetch(input, init) {
      const url = String(input)
      // The browser's own cache would keep a second copy, of a broken file as well.
      const response = await fetch(input, { ...init, signal: ended, cache: 'no-store' })
      if (!response.ok) {
        refusals.set(url, response.status)
        // To the package a file that it may do without is then missing, and the model another one.
        if (codeOfStatus(response.status) === 'download_failed')
          fail(`${url} was answered with ${response.status}; try again`, 'download_failed')
        return response
      }
      if (response.headers.get('content-type')?.startsWith('text/html')) {
        refusals.set(url, 'HTML')
        await response.body?.cancel()
        return new Response(null, { status: 404 })
      }
      // A range of one byte is how the package asks whether a file exists.
      if (!new Headers(init?.headers).has('range')) downloads.add(url)
      return response
    },

    cache: {
      async match(url) {
        // The package asks for a path first, and paths may be those of another base.
        if (!URL.canParse(url)) return undefined
        const cache = await store
        // The package asks for a file several times.
        const admission = admitted.get(url) ?? (cache && admit(cache, url, model.id, expected(url)))
        if (admission) admitted.set(url, admission)
        if (!(await admission)) return undefined
        if (!used.has(url)) used.set(url, false)
        return cache?.match(url)
      },

      put(url, response) {
        const done = put(url, response)
        puts.push(done)
        return done
      },
    },

    isModels,

    async discard(which) {
      closed.abort()
      // What is being stored would come in behind the broom.
      await Promise.allSettled([...puts, ...admitted.values()])
      const cache = await store
      const gone = [...used].filter(([url, storedNow]) => which(url, storedNow))
      await Promise.all(gone.map(([url]) => cache?.delete(url)))
    },
  }
}
