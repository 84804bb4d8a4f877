import type { ServerTransport } from '../transport/server.ts'
import type { ReportFacts } from './report.ts'
import type { Reporter } from './reporter.ts'

/** Reports on local answers. What writes and delivers them comes with what answers here. */
export class Reports {
  readonly #parts: ConstructorParameters<typeof Reporter>
  #reporter: Promise<Reporter> | undefined

  constructor(transport: ServerTransport, now: () => number) {
    this.#parts = [transport, now]
  }

  /** Queues a report. Never throws; where that script could not be fetched there is no report. */
  add(facts: ReportFacts): void {
    this.#reporter ??= import('./local.ts').then(({ Reporter }) => new Reporter(...this.#parts))
    this.#reporter.then(
      (reporter) => reporter.add(facts),
      () => {
        this.#reporter = undefined
      },
    )
  }

  /** Sends what waits. Never rejects. */
  async flush(): Promise<void> {
    const reporter = await this.#reporter?.catch(() => undefined)
    await reporter?.flush()
  }
}
