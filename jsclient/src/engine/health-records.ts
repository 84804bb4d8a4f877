/** What is remembered of the models' health: in the browser's storage, and so in every tab of the origin, or in this page. */
import { guarded } from '../capability/probe.ts'
import { type Circuit, LONGEST_MS } from './circuit.ts'
import { common, type Edit, edited, editOf, NOTHING } from './health-edits.ts'

/** Where it is remembered across visits. `localStorage` is one. Its methods may throw. */
export type HealthStorage = Pick<Storage, 'getItem' | 'setItem' | 'removeItem'>

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
  readonly #storage: HealthStorage | undefined
  #unstored = ALL_STORED

  constructor(storage: HealthStorage | undefined) {
    this.#storage = storage
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
    return parse(guarded(() => this.#storage?.getItem(KEY)))
  }

  #completed({ circuits, markers }: Records): Records {
    return { circuits: edited(circuits, this.#unstored.circuits), markers: edited(markers, this.#unstored.markers) }
  }

  /** Whether it could be stored. */
  #store(records: Records): boolean {
    const storage = this.#storage
    if (!storage) return false
    const isEmpty = records.circuits.length === 0 && records.markers.length === 0
    const stored = guarded(() => {
      if (isEmpty) storage.removeItem(KEY)
      else storage.setItem(KEY, JSON.stringify({ version: VERSION, ...records }))
      return true
    })
    return stored ?? false
  }
}

export function isOf({ engine, model }: Subject): (record: Subject) => boolean {
  return (record) => record.engine === engine && record.model === model
}

/** What is not of the form is left out: storage may hold anything. */
function parse(text: string | null | undefined): Records {
  const { version, circuits, markers } = asObject(guarded(() => JSON.parse(text ?? '')))
  const isOurs = version === VERSION
  return { circuits: asList(isOurs && circuits, asCircuit), markers: asList(isOurs && markers, asMarker) }
}

function asList<T>(value: unknown, read: (record: Record<string, unknown>) => T | undefined): T[] {
  const records = Array.isArray(value) ? value.slice(-MAX_MODELS) : []
  return records.map((record) => read(asObject(record))).filter((record) => record !== undefined)
}

function asCircuit({ failures, since, forMs, ...names }: Record<string, unknown>): CircuitRecord | undefined {
  const subject = asSubject(names)
  if (!subject) return undefined
  if (Array.isArray(failures) && failures.every(isTime)) return { ...subject, failures }
  return isTime(since) && isTime(forMs) && forMs <= LONGEST_MS ? { ...subject, since, forMs } : undefined
}

function asMarker({ lock, ...names }: Record<string, unknown>): CrashMarker | undefined {
  const subject = asSubject(names)
  return subject && { ...subject, ...(typeof lock === 'string' && { lock }) }
}

function asSubject({ engine, model }: Record<string, unknown>): Subject | undefined {
  return typeof engine === 'string' && typeof model === 'string' ? { engine, model } : undefined
}

function asObject(value: unknown): Record<string, unknown> {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {}
}

function isTime(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0
}
