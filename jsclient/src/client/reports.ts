import { PageRecord } from '../page-record.ts'
import type { ReportFacts } from './report.ts'
import type { Reporter, ReporterParts } from './reporter.ts'

/** Where reports wait for the server. */
export const QUEUE_KEY = 'edgewise.reports'

/** Of the form that `ReportQueue` gives it; another version's is forgotten. */
export const QUEUE_VERSION = 1

/** Reports on local answers. What writes and delivers them comes with what answers here. */
export class Reports {
  readonly #parts: ReporterParts
  #reporter: Promise<Reporter> | undefined

  constructor(parts: ReporterParts) {
    this.#parts = parts
  }

  /** Reports that wait, of earlier visits too, as far as they are stored. */
  get waiting(): number {
    const { waiting } = new PageRecord(this.#parts.storage, QUEUE_KEY, QUEUE_VERSION).read()
    return Array.isArray(waiting) ? waiting.length : 0
  }

  /** Queues a report. Never throws; where that script could not be fetched there is no report. */
  add(facts: ReportFacts): void {
    this.#load((reporter) => reporter.add(facts))
  }

  /** Delivers what waits, now that the server may be there again. Never throws. */
  retry(): void {
    if (this.#reporter || this.waiting > 0) this.#load((reporter) => reporter.retry())
  }

  /** Sends what waits. Never rejects. */
  async flush(): Promise<void> {
    const reporter = await this.#reporter?.catch(() => undefined)
    await reporter?.flush()
  }

  #load(use: (reporter: Reporter) => void): void {
    this.#reporter ??= import('./local.ts').then(({ Reporter }) => new Reporter(this.#parts))
    this.#reporter.then(use, () => {
      this.#reporter = undefined
    })
  }
}
