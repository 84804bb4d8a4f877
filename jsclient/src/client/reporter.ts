import { raceAbort } from '../errors/abort.ts'
import { isNetworkError } from '../errors/network-error.ts'
import { isBusy, isServerError } from '../errors/server-error.ts'
import { startTimeout } from '../timeout.ts'
import type { ServerTransport } from '../transport/server.ts'
import type { Report } from '../wire.ts'
import { type ReportFacts, reportOf } from './report.ts'

/** Reports that may wait for the server to come back; beyond it the oldest are dropped. */
const MAX_WAITING = 100

/** Most reports of one request to the server. */
const BATCH = 50

/** Longest wait for the answer to one batch, ms. */
const TIMEOUT_MS = 10_000

/**
 * Tells the server what ran locally: counts and codes, in batches, with the grant of the snapshot as the only
 * credential. Failures never surface. What could not be delivered is tried again with the next report and when the page
 * is hidden; every report counts once on the server, so trying again is safe.
 */
export class Reporter {
  readonly #transport: ServerTransport
  readonly #now: () => number
  /** Number of the last report, by grant. */
  readonly #numbers = new Map<string, number>()
  readonly #flushNow = (): void => void this.flush()
  #waiting: { token: string; report: Report }[] = []
  #scheduled = false
  /** When the server may be asked again, ms. */
  #notBefore = 0
  #sending: Promise<void> = Promise.resolve()

  constructor(transport: ServerTransport, now: () => number) {
    this.#transport = transport
    this.#now = now
  }

  /** Queues a report of a local attempt. Without a grant that is still good there is nobody to tell. */
  add(facts: ReportFacts): void {
    const { grant } = facts
    if (!grant || grant.expires * 1000 <= this.#now()) return
    const number = (this.#numbers.get(grant.id) ?? 0) + 1
    if (number > grant.maxReports) return
    this.#numbers.set(grant.id, number)
    this.#waiting.push({ token: grant.token, report: reportOf(`${grant.id}.${number}`, facts) })
    if (this.#waiting.length > MAX_WAITING) this.#waiting.shift()
    if (this.#scheduled) return
    this.#scheduled = true
    queueMicrotask(this.#flushNow)
  }

  /** Sends what waits. Never rejects. */
  flush(): Promise<void> {
    this.#scheduled = false
    if (this.#now() < this.#notBefore) return this.#sending
    const batch = this.#waiting.splice(0)
    const sent = this.#send(batch)
    this.#sending = Promise.all([this.#sending, sent]).then(() => {})
    return this.#sending
  }

  async #send(batch: { token: string; report: Report }[]): Promise<void> {
    const byToken = new Map<string, Report[]>()
    for (const { token, report } of batch) byToken.set(token, [...(byToken.get(token) ?? []), report])
    for (const [grant, reports] of byToken) {
      for (let i = 0; i < reports.length; i += BATCH) {
        const part = reports.slice(i, i + BATCH)
        const timeout = startTimeout(TIMEOUT_MS)
        const { signal } = timeout
        try {
          await raceAbort(this.#transport.report({ grant, reports: part }, { signal }), signal)
        } catch (error) {
          if (signal.aborted || isPassing(error)) this.#keep(part.map((report) => ({ token: grant, report })))
          if (isServerError(error)) this.#notBefore = this.#now() + (error.retryAfterMs ?? 0)
        } finally {
          timeout.clear()
        }
      }
    }
  }

  #keep(batch: { token: string; report: Report }[]): void {
    this.#waiting = [...batch, ...this.#waiting].slice(-MAX_WAITING)
    const { document } = globalThis as { document?: Document }
    document?.addEventListener('visibilitychange', this.#flushNow, { once: true })
  }
}

/** Whether a batch may be taken another time: nobody answered, or could not now. Any other answer is final. */
function isPassing(error: unknown): boolean {
  return isNetworkError(error) || (isServerError(error) && (isBusy(error.status) || error.status >= 500))
}
