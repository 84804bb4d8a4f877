import { isNetworkError } from '../errors/network-error.ts'
import { isServerError } from '../errors/server-error.ts'
import { isSnapshotError, SnapshotError } from '../errors/snapshot-error.ts'
import { isUnauthorizedError } from '../errors/unauthorized-error.ts'
import { startTimeout } from '../timeout.ts'
import type { ServerTransport } from '../transport/server.ts'
import type { Snapshot } from '../wire.ts'
import type { HybridInferenceClientOptions } from './options.ts'
import type { HeldSnapshot, SnapshotStore } from './snapshot-store.ts'

/** Longest wait for a snapshot, ms; after that the server counts as out of reach. */
const TIMEOUT_MS = 10_000

/** How long a fetch that brought nothing, or another revision than expected, is not repeated by itself, ms. */
const RETRY_MS = 30_000

/** What a `SnapshotSource` works with. */
export interface SnapshotParts {
  readonly transport: Pick<ServerTransport, 'policy'>
  readonly now: () => number
  readonly store: SnapshotStore
  /** Who asks, where the app says so. */
  readonly subject: HybridInferenceClientOptions['subject']
  /** Longest wait for a newer snapshot while there is one to go on with, ms. */
  readonly timeoutMs: number
  /** Called when the server did not answer in time. */
  onSilence(): void
}

/** What is known of one user's snapshot. */
interface Holding {
  readonly subject: string | undefined
  held: HeldSnapshot | undefined
  /** It certainly is this user's: the app says who that is, or the server has said so in this visit. */
  verified: boolean
  refreshing: Promise<void> | undefined
  /** Why none is held; undefined while one is. */
  problem: SnapshotError | undefined
  /** Why the last one could not be had. */
  failure: unknown
  failedAt: number | undefined
  followedAt: number | undefined
}

/**
 * The policy snapshot in the page: remembered from visit to visit, fetched, revalidated, and dropped when it is too old or
 * somebody else's.
 */
export class SnapshotSource {
  readonly #parts: SnapshotParts
  #holding: Holding | undefined

  constructor(parts: SnapshotParts) {
    this.#parts = parts
  }

  /** The snapshot, unless there is none or the server has not been heard for longer than it allows. */
  get current(): Snapshot | undefined {
    const { snapshot } = this.#own.held ?? {}
    if (!snapshot) return undefined
    const { maxAge = 0, staleIfUnreachable = 0 } = snapshot
    return this.#age() <= Math.max(maxAge, staleIfUnreachable) ? snapshot : undefined
  }

  /** Whether `current` is as good as the server's word: young enough, and certainly this user's. */
  get isFresh(): boolean {
    const { held, verified } = this.#own
    const age = this.#age()
    // A clock that was set back says nothing.
    return verified && age >= 0 && age <= (held?.snapshot.maxAge ?? 0)
  }

  /** When the server last said that the snapshot is good, Unix ms; undefined when none is held. */
  get checkedAt(): number | undefined {
    return this.#own.held?.checkedAt
  }

  /** Why there is no `current`; undefined while there is. */
  get problem(): SnapshotError | undefined {
    if (this.current) return undefined
    const { held, failure, problem } = this.#own
    if (held) {
      const message = 'The policy snapshot is too old to decide with, and the server gives no newer one.'
      return new SnapshotError(message, { code: 'snapshot_expired' })
    }
    const why = failure ? ': the server gave none, see `cause`. Check `baseURL`.' : '. Call initialize() while online.'
    const message = `There is no policy snapshot${why}`
    return problem ?? new SnapshotError(message, { code: 'snapshot_missing', cause: failure })
  }

  /** Whether it is time to ask for it again. */
  get isStale(): boolean {
    return !this.isFresh && !this.#justNow(this.#own.failedAt)
  }

  /**
   * The server has decided by this revision. Where the snapshot at hand is of another, asks for a newer one, but not over
   * and over: replicas may disagree.
   */
  follow(revision: string): void {
    const { current } = this
    const own = this.#own
    if (!current || current.revision === revision || this.#justNow(own.followedAt)) return
    own.followedAt = this.#parts.now()
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
    const own = this.#own
    own.refreshing ??= this.#fetch(own).finally(() => {
      own.refreshing = undefined
    })
    return own.refreshing
  }

  async #fetch(own: Holding): Promise<void> {
    const { transport, now, timeoutMs, onSilence } = this.#parts
    const { held } = own
    const timeout = startTimeout(this.current ? Math.min(timeoutMs, TIMEOUT_MS) : TIMEOUT_MS)
    try {
      const answer = await transport.policy({ etag: held?.etag, signal: timeout.signal })
      const checkedAt = now()
      if (answer.modified) this.#keep(own, { snapshot: answer.snapshot, etag: answer.etag, checkedAt })
      else if (held) this.#keep(own, { ...held, checkedAt })
      own.verified = true
      own.problem = undefined
      own.failure = undefined
      own.failedAt = undefined
    } catch (error) {
      own.failure = error
      if (isUnauthorizedError(error)) {
        this.#keep(own, undefined)
        own.problem = undefined
        throw error
      }
      own.failedAt = now()
      if (isSnapshotError(error)) {
        this.#keep(own, undefined)
        own.problem = error
      } else if (isServerError(error)) {
        if (error.code !== 'invalid_response' || held) return
        const message = 'The policy snapshot was cut short, or is none. Check `baseURL`.'
        own.problem = new SnapshotError(message, { code: 'snapshot_invalid', cause: error })
      } else if (timeout.signal.aborted) onSilence()
      else if (!isNetworkError(error)) throw error
    } finally {
      timeout.clear()
    }
  }

  #keep(own: Holding, held: HeldSnapshot | undefined): void {
    own.held = held
    // What comes in after its user has left must not be there for the next one.
    if (own !== this.#own) return
    if (held) this.#parts.store.write(own.subject, held)
    else this.#parts.store.clear()
  }

  /** That of who asks now; what somebody else left behind is gone. */
  get #own(): Holding {
    const { subject: given, store } = this.#parts
    const subject = typeof given === 'function' ? given() : given
    if (this.#holding && this.#holding.subject === subject) return this.#holding
    this.#holding = {
      subject,
      held: store.read(subject),
      verified: given !== undefined,
      refreshing: undefined,
      problem: undefined,
      failure: undefined,
      failedAt: undefined,
      followedAt: undefined,
    }
    return this.#holding
  }

  #justNow(at: number | undefined): boolean {
    return at !== undefined && this.#parts.now() - at < RETRY_MS
  }

  /** Seconds since the server was last heard to say that the snapshot is good. */
  #age(): number {
    const { checkedAt = Number.NEGATIVE_INFINITY } = this.#own.held ?? {}
    return (this.#parts.now() - checkedAt) / 1000
  }
}
