import { raceAbort } from '../errors/abort.ts'
import { NetworkError } from '../errors/network-error.ts'
import { errorFromResponse } from './error-response.ts'
import { resolveURL } from './url.ts'
import { minorOf, VERSION_HEADER, WIRE_VERSION } from './version.ts'

/** Options of {@link ServerTransport}. */
export interface ServerTransportOptions {
  /**
   * Where the handlers are mounted: "/api/v1" or "https://host/api/v1". Relative to the page or worker. Another origin
   * must allow the request headers Content-Type, If-None-Match, X-Edgewise-Version and those of `headers`.
   */
  baseURL: string
  /**
   * Headers of every request, such as Authorization; reports go without them. A function is called for each request,
   * and once more with `refresh: true` after a 401, when it should fetch new credentials rather than repeat the old
   * ones. Requests that fail for the same old ones share one refresh. What it throws is passed on. Defaults to none.
   */
  headers?: HeadersInit | HeadersFunction | undefined
  /** Whether cookies go along. Defaults to fetch's own default, "same-origin". */
  credentials?: RequestCredentials | undefined
  /** Replaces `globalThis.fetch`, which is otherwise looked up at each request. */
  fetch?: typeof globalThis.fetch | undefined
}

/** Makes the headers of a request; `refresh` asks for new credentials, since the old ones were refused. */
export type HeadersFunction = (context: { refresh: boolean }) => HeadersInit | Promise<HeadersInit>

/** Hears of every request whether anybody answered it; of none that was aborted. Must not throw. */
export type ContactListener = (answered: boolean) => void

/** One request. */
export interface HTTPRequest {
  /** Sent as JSON by POST; without it the request is a GET. */
  body?: unknown
  accept?: string
  /** For If-None-Match. A response of 304 is then handed out like a success. */
  etag?: string | undefined
  /** Fetch's own. Defaults to "default". */
  cache?: RequestCache
  signal?: AbortSignal | undefined
}

/** Sends requests: resolves the address, adds credentials and refreshes them once, and types the errors. */
export class HTTP {
  readonly #options: ServerTransportOptions
  readonly #onContact: ContactListener | undefined
  #minor = 0
  #refreshing: Promise<HeadersInit> | undefined
  /** How often credentials were refreshed. */
  #refreshes = 0

  constructor(options: ServerTransportOptions, onContact?: ContactListener) {
    this.#options = options
    this.#onContact = onContact
  }

  /** The minor version of the wire of which the server's last answer was; 0 before there was one. */
  get minor(): number {
    return this.#minor
  }

  /** The absolute address of a path. */
  url(path: string): string {
    return resolveURL(this.#options.baseURL, path)
  }

  /** A successful response, or 304 where an ETag was sent. Otherwise rejects with a typed error. */
  async send(path: string, request: HTTPRequest): Promise<Response> {
    const known = this.#refreshes
    let response = await this.#attempt(path, request, false)
    const isRefused = (): boolean => response.status === 401 && typeof this.#options.headers === 'function'
    const again = async (refresh: boolean): Promise<void> => {
      response.body?.cancel().catch(() => {})
      response = await this.#attempt(path, request, refresh)
    }
    // Others have refreshed since: what they got may do.
    if (isRefused() && known !== this.#refreshes) await again(false)
    if (isRefused()) await again(true)
    return this.#checked(response, request)
  }

  /** One bare fetch with the address and the cookies of the options, and our version; only its failures are typed. */
  async fetch(path: string, init: RequestInit): Promise<Response> {
    const url = this.url(path)
    const { fetch = globalThis.fetch, credentials } = this.#options
    const headers = new Headers(init.headers)
    headers.set(VERSION_HEADER, WIRE_VERSION)
    try {
      const response = await fetch(url, { ...init, headers, ...(credentials && { credentials }) })
      this.#minor = minorOf(response.headers.get(VERSION_HEADER))
      this.#onContact?.(true)
      return response
    } catch (cause) {
      if (init.signal?.aborted) throw init.signal.reason
      this.#onContact?.(false)
      throw new NetworkError(url, { cause })
    }
  }

  async #attempt(path: string, request: HTTPRequest, refresh: boolean): Promise<Response> {
    const { body, accept = 'application/json', etag, cache, signal } = request
    signal?.throwIfAborted()
    const headers = new Headers(await raceAbort(this.#headers(refresh), signal))
    headers.set('accept', accept)
    if (body !== undefined) headers.set('content-type', 'application/json')
    if (etag) headers.set('if-none-match', etag)
    return this.fetch(path, {
      method: body === undefined ? 'GET' : 'POST',
      headers,
      ...(body !== undefined && { body: JSON.stringify(body) }),
      ...(cache && { cache }),
      ...(signal && { signal }),
    })
  }

  async #headers(refresh: boolean): Promise<HeadersInit> {
    const { headers = {} } = this.#options
    if (typeof headers !== 'function') return headers
    if (!refresh) return headers({ refresh })
    this.#refreshing ??= (async () => {
      const fresh = await headers({ refresh })
      this.#refreshes++
      return fresh
    })().finally(() => {
      this.#refreshing = undefined
    })
    return this.#refreshing
  }

  async #checked(response: Response, request: HTTPRequest): Promise<Response> {
    if (response.ok || (response.status === 304 && request.etag)) return response
    const error = await errorFromResponse(response)
    request.signal?.throwIfAborted()
    throw error
  }
}
