/** What is remembered of the models' health: in the browser's storage, and so in every tab of the origin, or in this page. */
import { PageRecord, type PageStorage } from '../page-record.ts'
import { isCount, isList, isObject, isText } from '../policy/validate.ts'
import { type Circuit, LONGEST_MS } from './circuit.ts'
import { common, type Edit, edited, editOf, NOTHING } from './health-edits.ts'

/** A model and the engine that runs it. */
export interface Subject {
  readonly engine: string
  readonly model: string
}

export type CircuitRecord = Subject & Circuit

/** A model that is doing what may take its tab down. */
export interface CrashMarker extends Subject {
  /** A Web Lock that the tab holds meanwhile. Absent where there are none. */
  readonly lock?: string
}

/** Names, counts and times; no text. */
export interface Records {
  /** At most one a model; what changed last comes last. */
  readonly circuits: readonly CircuitRecord[]
  readonly markers: readonly CrashMarker[]
}

/** What a page changed and could not store. What others wrote is not in here, and so never written back. */
interface Unstored {
  readonly circuits: Edit<CircuitRecord>
  readonly markers: Edit<CrashMarker>
}

const ALL_STORED: Unstored = { circuits: NOTHING, markers: NOTHING }

const KEY = 'edgewise.health'

/** Of the form below; another version's records are forgotten. */
const VERSION = 1

/** Models that are remembered; whose circuit changed longest ago is forgotten first. About 6 kB. */
const MAX_MODELS = 64

/**
 * Reads and writes the records. Every change reads what is stored now, so that tabs don't undo what others wrote; a change
 * that falls between another's reading and writing, less than a millisecond apart, is lost. Nothing throws: storage may be
 * blocked, or full; what a page can't store holds in that page, and is stored with its next change that can be.
 */
export class HealthRecords {
  readonly #record: PageRecord
  #unstored = ALL_STORED

  constructor(storage: PageStorage | undefined) {
    this.#record = new PageRecord(storage, KEY, VERSION)
  }

  read(): Records {
    return this.#completed(this.#stored())
  }

  /** A record that the change leaves as it is must stay the same object. */
  update(change: (records: Records) => Records): void {
    const stored = this.#stored()
    const before = this.#completed(stored)
    const after = change(before)
    if (after === before) return
    const records = { circuits: after.circuits.slice(-MAX_MODELS), markers: after.markers.slice(-MAX_MODELS) }
    if (this.#store(records)) {
      this.#unstored = ALL_STORED
      return
    }
    // Less may fit. An old marker must not stay behind: it would tell of a crash that never was.
    const less = {
      circuits: common(stored.circuits, records.circuits),
      markers: common(stored.markers, records.markers),
    }
    const { circuits, markers } = this.#store(less) ? less : stored
    this.#unstored = { circuits: editOf(circuits, records.circuits), markers: editOf(markers, records.markers) }
  }

  #stored(): Records {
    const { circuits, markers } = this.#record.read()
    return { circuits: asList(circuits, asCircuit), markers: asList(markers, asMarker) }
  }

  #completed({ circuits, markers }: Records): Records {
    return { circuits: edited(circuits, this.#unstored.circuits), markers: edited(markers, this.#unstored.markers) }
  }

  /** Whether it could be stored. */
  #store(records: Records): boolean {
    const isEmpty = records.circuits.length === 0 && records.markers.length === 0
    return this.#record.write(isEmpty ? undefined : records)
  }
}

export function isOf({ engine, model }: Subject): (record: Subject) => boolean {
  return (record) => record.engine === engine && record.model === model
}

/** What is not of the form is left out: storage may hold anything. */
function asList<T>(value: unknown, read: (record: Record<string, unknown>) => T | undefined): T[] {
  const records: unknown[] = Array.isArray(value) ? value.slice(-MAX_MODELS) : []
  return records
    .filter(isObject)
    .map(read)
    .filter((record) => record !== undefined)
}

function asCircuit({ failures, since, forMs, ...names }: Record<string, unknown>): CircuitRecord | undefined {
  const subject = asSubject(names)
  if (!subject) return undefined
  if (isList(failures, isCount)) return { ...subject, failures }
  return isCount(since) && isCount(forMs) && forMs <= LONGEST_MS ? { ...subject, since, forMs } : undefined
}

function asMarker({ lock, ...names }: Record<string, unknown>): CrashMarker | undefined {
  const subject = asSubject(names)
  return subject && { ...subject, ...(isText(lock) && { lock }) }
}

function asSubject({ engine, model }: Record<string, unknown>): Subject | undefined {
  return isText(engine) && isText(model) ? { engine, model } : undefined
}
