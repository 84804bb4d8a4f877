import { holdAlone } from '../downloads/web-locks.ts'
import { raceAbort } from '../errors/abort.ts'
import { isNetworkError } from '../errors/network-error.ts'
import { isPassing, isServerError } from '../errors/server-error.ts'
import type { PageStorage } from '../page-record.ts'
import { startTimeout } from '../timeout.ts'
import type { ServerTransport } from '../transport/server.ts'
import type { Report } from '../wire.ts'
import { type ReportFacts, reportOf } from './report.ts'
import { type QueuedReport, ReportQueue } from './report-queue.ts'
import { isVisible } from './surroundings.ts'

/** What reports are delivered with. */
export interface ReporterParts {
  readonly transport: Pick<ServerTransport, 'report'>
  readonly now: () => number
  readonly storage: PageStorage | undefined
  /** Aborts when the client is disposed. */
  readonly life: AbortSignal
}

/** How long the first report of a batch waits for others, ms. */
const GATHER_MS = 2000

/** Reports that wait for no others. */
const ENOUGH = 20

/** Most reports of one request to the server. */
const BATCH = 50

/** Longest wait for the answer to one batch, ms. */
const TIMEOUT_MS = 10_000

/** How long a server that took nothing is left alone, ms; twice as long after each more. */
const REST = { least: 30_000, most: 900_000 }

/** Who holds it delivers for all tabs. */
const LOCK = 'edgewise.reports'

/**
 * Tells the server what ran locally: counts and codes, in batches, with the grant of the snapshot as the only credential.
 * What was not acknowledged waits, over later visits too, until the server is there again. Failures never surface. Every
 * report counts once on the server, so sending it again is safe.
 */
export class Reporter {
  readonly #parts: ReporterParts
  readonly #queue: ReportQueue
  readonly #underway = new Set<string>()
  #timer: ReturnType<typeof setTimeout> | undefined
  #failures = 0
  /** When the server wants to be asked again, ms. */
  #notBefore = 0
  #sending: Promise<void> = Promise.resolve()

  constructor(parts: ReporterParts) {
    const { storage, now, life } = parts
    this.#parts = parts
    this.#queue = new ReportQueue(storage, now)
    const scope = globalThis as Partial<Pick<Window, 'addEventListener' | 'document'>>
    const leaving = (): void => {
      if (!isVisible()) void this.flush()
    }
    scope.document?.addEventListener('visibilitychange', leaving, { signal: life })
    scope.addEventListener?.call(globalThis, 'online', () => this.retry(), { signal: life })
    life.addEventListener('abort', () => clearTimeout(this.#timer))
  }

  /** Queues a report of a local attempt. Without a grant that is still good there is nobody to tell. */
  add(facts: ReportFacts): void {
    const { grant } = facts
    if (!grant || !this.#queue.add(grant, (id) => reportOf(id, facts))) return
    if (!isVisible() || this.#parts.life.aborted) void this.flush()
    else if (this.#failures === 0) this.#plan(this.#queue.waiting.length >= ENOUGH ? 0 : GATHER_MS)
  }

  /** The server may be there again: what waits is sent soon. */
  retry(): void {
    this.#failures = 0
    if (this.#queue.waiting.length > 0) this.#plan(0)
  }

  /** Sends what waits, before this returns, as a page must that may be about to go. Never rejects. */
  flush(): Promise<void> {
    if (this.#parts.now() >= this.#notBefore) {
      this.#unplan()
      this.#sending = Promise.all([this.#sending, this.#send()]).then(() => {})
    }
    return this.#sending
  }

  /** Plans a delivery, unless one is planned that comes as soon. */
  #plan(ms: number): void {
    const { life, now } = this.#parts
    if (life.aborted || (this.#timer !== undefined && ms > 0)) return
    this.#unplan()
    this.#timer = setTimeout(() => void this.#deliver(), Math.max(ms, this.#notBefore - now()))
    // Reports are no reason for a process to go on.
    const timer: unknown = this.#timer
    ;(timer as { unref?: () => void }).unref?.()
  }

  #unplan(): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
  }

  /** Sends what waits, unless another tab is at it. */
  async #deliver(): Promise<void> {
    this.#unplan()
    const release = await holdAlone(LOCK)
    if (!release) this.#plan(GATHER_MS)
    else await this.flush().finally(release)
  }

  async #send(): Promise<void> {
    const waiting = this.#queue.waiting.filter(({ report }) => !this.#underway.has(report.id))
    const taken = await Promise.all(batchesOf(waiting).map(([grant, reports]) => this.#tell(grant, reports)))
    this.#failures = taken.every(Boolean) ? 0 : this.#failures + 1
    if (this.#queue.waiting.length === 0) return
    this.#plan(this.#failures > 0 ? Math.min(REST.least * 2 ** (this.#failures - 1), REST.most) : GATHER_MS)
  }

  /** Whether the server has said what it had to say of them. */
  async #tell(grant: string, reports: Report[]): Promise<boolean> {
    const ids = reports.map(({ id }) => id)
    for (const id of ids) this.#underway.add(id)
    const timeout = startTimeout(TIMEOUT_MS)
    const { signal } = timeout
    try {
      await raceAbort(this.#parts.transport.report({ grant, reports }, { signal }), signal)
    } catch (error) {
      if (isServerError(error)) this.#notBefore = this.#parts.now() + (error.retryAfterMs ?? 0)
      if (signal.aborted || isNetworkError(error) || isPassing(error)) return false
    } finally {
      timeout.clear()
      for (const id of ids) this.#underway.delete(id)
    }
    this.#queue.remove(ids)
    return true
  }
}

/** One credential a request. */
function batchesOf(waiting: readonly QueuedReport[]): [token: string, reports: Report[]][] {
  const byToken = new Map<string, Report[]>()
  for (const { token, report } of waiting) byToken.set(token, [...(byToken.get(token) ?? []), report])
  return [...byToken].flatMap(([token, reports]) =>
    Array.from({ length: Math.ceil(reports.length / BATCH) }, (_, i): [string, Report[]] => [
      token,
      reports.slice(i * BATCH, (i + 1) * BATCH),
    ]),
  )
}
