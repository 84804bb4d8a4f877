import { PageRecord, type PageStorage } from '../page-record.ts'
import { isCount, isObject, isText } from '../policy/validate.ts'
import type { Grant, Report } from '../wire.ts'
import { QUEUE_KEY, QUEUE_VERSION } from './reports.ts'

/** A report, and the credential that it goes with. */
export interface QueuedReport {
  readonly token: string
  /** When the grant expires, Unix s. */
  readonly expires: number
  readonly report: Report
}

/** What is kept. Numbers and codes; no text. */
interface Kept {
  /** Number of the last report, by grant; what was used last comes last. */
  readonly numbers: Readonly<Record<string, number>>
  readonly waiting: readonly QueuedReport[]
}

/** Reports that may wait for the server to come back; beyond it the oldest are dropped. About 50 kB. */
const MAX_WAITING = 100

/** How long after its grant expired the server takes a report, s: seven days, as `POST /browser/analytics` does. */
const LATE = 7 * 24 * 3600

/** Grants whose numbers are remembered: a new one comes with every snapshot, and each lasts for a day. */
const MAX_GRANTS = 16

/**
 * The reports that nobody has acknowledged, from visit to visit, for all tabs of the origin. Every change reads what is
 * stored now; two tabs that change it within the same millisecond may give one number twice, and the server then counts one
 * of the two reports. What can't be stored is kept in this page. Nothing throws.
 */
export class ReportQueue {
  readonly #record: PageRecord
  readonly #now: () => number
  /** What could not be stored. */
  #unstored: Kept | undefined

  constructor(storage: PageStorage | undefined, now: () => number) {
    this.#record = new PageRecord(storage, QUEUE_KEY, QUEUE_VERSION)
    this.#now = now
  }

  /** Those that the server may still take, oldest first. */
  get waiting(): readonly QueuedReport[] {
    return this.#read().waiting
  }

  /** Numbers a report by its grant, and keeps it. False where the grant allows no more of them, or has expired. */
  add({ id, token, expires, maxReports }: Grant, report: (id: string) => Report): boolean {
    if (expires * 1000 <= this.#now()) return false
    const { numbers, waiting } = this.#read()
    const { [id]: last = 0, ...others } = numbers
    const number = last + 1
    if (number > maxReports) return false
    const queued = { token, expires, report: report(`${id}.${number}`) }
    const known = Object.entries({ ...others, [id]: number }).slice(-MAX_GRANTS)
    this.#write({ numbers: Object.fromEntries(known), waiting: [...waiting, queued].slice(-MAX_WAITING) })
    return true
  }

  /** The server has said what it had to say of them. */
  remove(ids: readonly string[]): void {
    const { numbers, waiting } = this.#read()
    this.#write({ numbers, waiting: waiting.filter(({ report }) => !ids.includes(report.id)) })
  }

  #read(): Kept {
    const { numbers, waiting } = this.#unstored ?? this.#record.read()
    const queued: unknown[] = Array.isArray(waiting) ? waiting : []
    const isTaken = ({ expires }: QueuedReport): boolean => (expires + LATE) * 1000 > this.#now()
    return { numbers: asNumbers(numbers), waiting: queued.filter(isQueued).filter(isTaken) }
  }

  #write(kept: Kept): void {
    this.#unstored = this.#record.write(kept) ? undefined : kept
  }
}

/** What is not of the form is left out: storage may hold anything. */
function asNumbers(value: unknown): Record<string, number> {
  if (!isObject(value)) return {}
  return Object.fromEntries(Object.entries(value).filter((entry): entry is [string, number] => isCount(entry[1])))
}

function isQueued(value: unknown): value is QueuedReport {
  if (!isObject(value)) return false
  const { token, expires, report } = value
  return isText(token) && isCount(expires) && isObject(report) && isText(report.id)
}
