import { isNetworkError } from '../errors/network-error.ts'
import { isServerError } from '../errors/server-error.ts'
import { isSnapshotError, SnapshotError } from '../errors/snapshot-error.ts'
import { isUnauthorizedError } from '../errors/unauthorized-error.ts'
import { startTimeout } from '../timeout.ts'
import type { ServerTransport } from '../transport/server.ts'
import type { Snapshot } from '../wire.ts'

/** Longest wait for a snapshot, ms; after that the server counts as out of reach. */
const TIMEOUT_MS = 10_000

/** How long a fetch that brought nothing, or another revision than expected, is not repeated by itself, ms. */
const RETRY_MS = 30_000

/** The policy snapshot in the page: fetched, revalidated, and dropped when it is too old or somebody else's. */
export class SnapshotSource {
  readonly #transport: ServerTransport
  readonly #now: () => number
  #held: { snapshot: Snapshot; etag: string | undefined; checkedAt: number } | undefined
  #refreshing: Promise<void> | undefined
  /** Why none is held; undefined while one is. */
  #problem: SnapshotError | undefined
  /** Why the last one could not be had. */
  #failure: unknown
  #failedAt: number | undefined
  #followedAt: number | undefined

  constructor(transport: ServerTransport, now: () => number) {
    this.#transport = transport
    this.#now = now
  }

  /** The snapshot, unless there is none or the server has not been heard for longer than it allows. */
  get current(): Snapshot | undefined {
    const { snapshot } = this.#held ?? {}
    if (!snapshot) return undefined
    const { maxAge = 0, staleIfUnreachable = 0 } = snapshot
    return this.#age() <= Math.max(maxAge, staleIfUnreachable) ? snapshot : undefined
  }

  /** Why there is no `current`; undefined while there is. */
  get problem(): SnapshotError | undefined {
    if (this.current) return undefined
    if (this.#held) {
      const message = 'The policy snapshot is too old to decide with, and the server gives no newer one.'
      return new SnapshotError(message, { code: 'snapshot_expired' })
    }
    const why = this.#failure
      ? ': the server gave none, see `cause`. Check `baseURL`.'
      : '. Call initialize() while online.'
    const message = `There is no policy snapshot${why}`
    return this.#problem ?? new SnapshotError(message, { code: 'snapshot_missing', cause: this.#failure })
  }

  /** Whether it is time to ask for it again. */
  get isStale(): boolean {
    return !this.#justNow(this.#failedAt) && this.#age() > (this.#held?.snapshot.maxAge ?? 0)
  }

  /**
   * The server has decided by this revision. Where the snapshot at hand is of another, asks for a newer one, but not over
   * and over: replicas may disagree.
   */
  follow(revision: string): void {
    const { current } = this
    if (!current || current.revision === revision || this.#justNow(this.#followedAt)) return
    this.#followedAt = this.#now()
    // Whoever must know of it meets it again.
    this.refresh().catch(() => {})
  }

  /**
   * Fetches or revalidates; callers that come together share one request. A server that can't be reached, or has no
   * snapshot, leaves the one at hand; so does an answer that was cut short, or came from something in between. A snapshot
   * that this version can't use replaces it all the same: what held before holds no longer. Rejects with
   * UnauthorizedError, and then the one at hand is gone too: it was made for somebody else.
   */
  refresh(): Promise<void> {
    this.#refreshing ??= this.#fetch().finally(() => {
      this.#refreshing = undefined
    })
    return this.#refreshing
  }

  async #fetch(): Promise<void> {
    const held = this.#held
    const timeout = startTimeout(TIMEOUT_MS)
    try {
      const answer = await this.#transport.policy({ etag: held?.etag, signal: timeout.signal })
      if (answer.modified) {
        this.#held = { snapshot: answer.snapshot, etag: answer.etag, checkedAt: this.#now() }
      } else if (held) {
        this.#held = { ...held, checkedAt: this.#now() }
      }
      this.#problem = undefined
      this.#failure = undefined
      this.#failedAt = undefined
    } catch (error) {
      this.#failure = error
      this.#failedAt = this.#now()
      if (isSnapshotError(error)) {
        this.#held = undefined
        this.#problem = error
      } else if (isUnauthorizedError(error)) {
        this.#held = undefined
        this.#problem = undefined
        throw error
      } else if (isServerError(error)) {
        if (error.code !== 'invalid_response' || held) return
        const message = 'The policy snapshot was cut short, or is none. Check `baseURL`.'
        this.#problem = new SnapshotError(message, { code: 'snapshot_invalid', cause: error })
      } else if (!timeout.signal.aborted && !isNetworkError(error)) throw error
    } finally {
      timeout.clear()
    }
  }

  #justNow(at: number | undefined): boolean {
    return at !== undefined && this.#now() - at < RETRY_MS
  }

  /** Seconds since the server was last heard to say that the snapshot is good. */
  #age(): number {
    return this.#held ? (this.#now() - this.#held.checkedAt) / 1000 : Number.POSITIVE_INFINITY
  }
}
