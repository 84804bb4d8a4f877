import { isNetworkError, NetworkError } from '../errors/network-error.ts'
import { parseSnapshot } from '../policy/snapshot.ts'
import type {
  ChatCompletion,
  ChatCompletionChunk,
  ChatCompletionRequest,
  ModelList,
  ReportBatch,
  ReportReceipt,
  RouteRequest,
  RouteResponse,
  Snapshot,
} from '../wire.ts'
import { readChatStream } from './chat-stream.ts'
import { errorFromBody, errorFromResponse, invalidResponse, isErrorBody, parseJSON } from './error-response.ts'
import { type ContactListener, HTTP, type ServerTransportOptions } from './http.ts'

/** Options that every call takes. */
export interface CallOptions {
  /** Aborts the call, which then throws the signal's reason. */
  signal?: AbortSignal | undefined
}

/** Options of {@link ServerTransport.policy}. */
export interface PolicyOptions extends CallOptions {
  /** ETag of the snapshot at hand. */
  etag?: string | undefined
}

/** A snapshot, or the word that the one at hand is still good. */
export type PolicyResponse =
  | { modified: true; snapshot: Snapshot; etag: string | undefined }
  | { modified: false; etag: string }

/** Bytes that `keepalive` requests may hold together; the standard says 64 KiB, and headers are not counted. */
const KEEPALIVE_LIMIT = 60_000

const CHAT = '/chat/completions'
const REPORTS = '/browser/analytics'

/**
 * The server's endpoints over `fetch`. One attempt a call, but for one more with refreshed credentials after a 401; no
 * timeout of its own: pass `AbortSignal.timeout(ms)`.
 *
 * Errors: NetworkError when no answer came, UnauthorizedError for a 401, ServerError for any other bad answer,
 * InvalidRequestError when `baseURL` can't be resolved, and the signal's own reason when the call was aborted.
 * Creating it has no side effects. Calls may overlap.
 */
export class ServerTransport {
  readonly #http: HTTP
  #models: { etag: string; list: ModelList } | undefined

  constructor(options: ServerTransportOptions, onContact?: ContactListener) {
    this.#http = new HTTP(options, onContact)
  }

  /** Asks the server where a request shall run. The body has counts, never text. */
  async route(body: RouteRequest, options: CallOptions = {}): Promise<RouteResponse> {
    return this.#json(await this.#http.send('/browser/route', { ...options, body }), options, 'target')
  }

  /** The registry's models. Remembers the last answer and transfers it again only when it changed. */
  async models(options: CallOptions = {}): Promise<ModelList> {
    const known = this.#models
    const response = await this.#http.send('/browser/models', { ...options, etag: known?.etag })
    if (response.status === 304 && known) return known.list
    const list: ModelList = await this.#json(response, options, 'models')
    const etag = response.headers.get('etag')
    this.#models = etag ? { etag, list } : undefined
    return list
  }

  /**
   * The policy snapshot for whoever the credentials name. With the `etag` of the snapshot at hand it is transferred only
   * when it changed. A snapshot that can't be used is a SnapshotError. A cross-origin server must expose the ETag header.
   * The HTTP cache is left out: it would hand one grant to two tabs, which would then number their reports alike.
   */
  async policy(options: PolicyOptions = {}): Promise<PolicyResponse> {
    const response = await this.#http.send('/browser/policy', { ...options, cache: 'no-store' })
    if (response.status === 304 && options.etag) return { modified: false, etag: options.etag }
    const snapshot = parseSnapshot(await this.#json<Snapshot>(response, options, 'schema'))
    return { modified: true, snapshot, etag: response.headers.get('etag') ?? undefined }
  }

  /**
   * Delivers reports, also while the page is being closed: the request is started before this returns, outlives the
   * page, and where it fails while the page is hidden `sendBeacon` tries too. Nobody sees a beacon's answer, so the call
   * rejects all the same: keep the batch. Sending it again is safe, every report counts once. The grant in the body is
   * the only credential: `headers` is not called.
   */
  async report(batch: ReportBatch, options: CallOptions = {}): Promise<ReportReceipt> {
    const { signal } = options
    signal?.throwIfAborted()
    const body = JSON.stringify(batch)
    const headers = { 'content-type': 'application/json' }
    const keepalive = body.length < KEEPALIVE_LIMIT
    try {
      const response = await this.#http.fetch(REPORTS, {
        method: 'POST',
        headers,
        body,
        keepalive,
        ...(signal && { signal }),
      })
      if (!response.ok) throw await errorFromResponse(response)
      return await this.#json(response, options, 'accepted')
    } catch (error) {
      // Only where no answer came: an answer is final.
      if (isNetworkError(error)) sendBeacon(error.url, body)
      throw error
    }
  }

  /** A whole chat completion. */
  async chat(body: ChatCompletionRequest, options: CallOptions = {}): Promise<ChatCompletion> {
    const { stream_options: _, ...request } = body
    const response = await this.#http.send(CHAT, { ...options, body: { ...this.#suit(request), stream: false } })
    return this.#json(response, options, 'choices')
  }

  /**
   * A streamed chat completion, chunk by chunk; nothing is sent before the first `next()`. Besides the errors above, a
   * stream that ends or breaks before its `[DONE]` throws StreamInterruptedError, and an error in the stream
   * ServerError. Leaving the loop cancels the request.
   */
  async *chatStream(
    body: ChatCompletionRequest,
    options: CallOptions = {},
  ): AsyncGenerator<ChatCompletionChunk, void, undefined> {
    const request = { ...options, body: { ...this.#suit(body), stream: true }, accept: 'text/event-stream' }
    yield* readChatStream(await this.#http.send(CHAT, request), { model: body.model, signal: options.signal })
  }

  /** The body as the server takes it: one before 1.1, or not ours, would hand `edgewise` on to the model's server. */
  #suit({ edgewise, ...body }: ChatCompletionRequest): ChatCompletionRequest {
    return edgewise && this.#http.minor >= 1 ? { ...body, edgewise } : body
  }

  /** The JSON object in a response; it must have the field by which its kind is known. */
  async #json<T extends object>(response: Response, { signal }: CallOptions, field: keyof T & string): Promise<T> {
    const text = await response.text().catch((cause: unknown) => {
      throw signal?.aborted ? signal.reason : new NetworkError(response.url, { cause })
    })
    const value = parseJSON(text)
    if (isErrorBody(value)) throw errorFromBody(value, response)
    if (typeof value !== 'object' || value === null || !(field in value)) {
      throw invalidResponse(response, `JSON with \`${field}\``)
    }
    return value as T
  }
}

/** A last try of a page that may be about to go. */
function sendBeacon(url: string, body: string): void {
  const { document, navigator } = globalThis as { document?: Document; navigator?: Partial<Navigator> }
  if (document?.visibilityState === 'hidden') navigator?.sendBeacon?.(url, body)
}
