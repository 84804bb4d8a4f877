/** How well models do on this device, remembered across visits: how often they failed, and which took their tab down. */
import type { PageStorage } from '../page-record.ts'
import { DEFAULT_MAX_FAILURES } from '../policy/compile.ts'
import { afterAnswer, afterFailure, type Circuit, failuresOf } from './circuit.ts'
import { beginMark, type CrashMark, findCrashes, NO_MARK } from './crash-marker.ts'
import { HealthRecords, isOf, type Subject } from './health-records.ts'

/** Options of `Health`. */
export interface HealthOptions {
  /**
   * Remembers it, under "edgewise.health": ids of models, names of engines, counts and times. Defaults to none: failures
   * are forgotten with the page, and crashes are not noticed.
   */
  storage?: PageStorage | undefined
  /**
   * Failures within five minutes that take a model out of the policies' choice, `SnapshotLimits.maxFailures`; at least 1.
   * Asked whenever it matters. Defaults to 3.
   */
  maxFailures?: (() => number) | undefined
  /** The clock, Unix ms. Defaults to `Date.now`. */
  now?: (() => number) | undefined
}

/** One for each page. */
export class Health {
  /** Settles when crashes of earlier visits were looked for; until then nothing is known of them. Never rejects. */
  readonly ready: Promise<void>
  readonly #records: HealthRecords
  readonly #isKept: boolean
  readonly #maxFailures: () => number
  readonly #now: () => number

  constructor({ storage, maxFailures = () => DEFAULT_MAX_FAILURES, now = Date.now }: HealthOptions = {}) {
    this.#records = new HealthRecords(storage)
    this.#isKept = storage !== undefined
    this.#maxFailures = maxFailures
    this.#now = now
    this.ready = findCrashes(this.#records, now)
  }

  /** What policies are told of the models that are not well: `ModelState.failures`, above 0. */
  failures(): (Subject & { readonly failures: number })[] {
    const { circuits } = this.#records.read()
    return circuits
      .map(({ engine, model, ...circuit }) => ({
        engine,
        model,
        failures: failuresOf(circuit, this.#now(), this.#maxFailures()),
      }))
      .filter(({ failures }) => failures > 0)
  }

  failed(subject: Subject): void {
    this.#change(subject, (circuit) => afterFailure(circuit, this.#now(), this.#maxFailures()))
  }

  /** An answer has come to its end. */
  answered(subject: Subject): void {
    this.#change(subject, afterAnswer)
  }

  /** Forgets the failures of a model, or of all. */
  forget(modelId?: string): void {
    this.#records.update((records) => {
      const circuits = records.circuits.filter(({ model }) => modelId !== undefined && model !== modelId)
      return { ...records, circuits }
    })
  }

  /** Begins what may take the tab down. Never rejects. */
  async mark(subject: Subject): Promise<CrashMark> {
    if (!this.#isKept) return NO_MARK
    await this.ready
    return beginMark(this.#records, subject)
  }

  #change({ engine, model }: Subject, change: (circuit: Circuit | undefined) => Circuit | undefined): void {
    const is = isOf({ engine, model })
    this.#records.update((records) => {
      const before = records.circuits.find(is)
      const after = change(before)
      if (after === before) return records
      const others = records.circuits.filter((record) => !is(record))
      return { ...records, circuits: after ? [...others, { engine, model, ...after }] : others }
    })
  }
}
