import { defined } from '../defined.ts'
import { PageRecord, type PageStorage } from '../page-record.ts'
import { isCount, isObject, isText } from '../policy/validate.ts'
import type { ModelState } from '../wire.ts'
import type { Subject } from './health-records.ts'

/** What can be measured of a model, as numbers for the wire; what is not known is absent. */
export type Speeds = Pick<ModelState, 'loadMs' | 'tokensPerSecondMilli' | 'ttftMs'>

/** Options of `SpeedRecords`. */
export interface SpeedRecordsOptions {
  /** Remembers them, under "edgewise.speeds". Defaults to none: they are forgotten with the page. */
  storage?: PageStorage | undefined
  /** Names the device; see `deviceKey`. Asked whenever it matters. Defaults to one without a name. */
  device?: (() => string) | undefined
  /** The clock, Unix ms. Defaults to `Date.now`. */
  now?: (() => number) | undefined
}

/** A measured value, and when it was last measured, Unix ms. */
type Measured = readonly [value: number, at: number]

type SpeedRecord = Subject & { readonly device: string } & { readonly [K in keyof Speeds]?: Measured }

const KEY = 'edgewise.speeds'

/** Of the form above; another version's records are forgotten. */
const VERSION = 1

const DAY_MS = 24 * 3600 * 1000

/** After this time what was measured weighs half as much as what is measured now, ms. */
const HALF_LIFE_MS = 7 * DAY_MS

/** After this time it is forgotten: drivers and engines have changed, ms. */
const LIFE_MS = 30 * DAY_MS

/** Pairs of model and device that are remembered; what was measured longest ago is forgotten first. About 10 kB. */
const MAX_RECORDS = 64

const QUANTITIES = ['loadMs', 'tokensPerSecondMilli', 'ttftMs'] as const satisfies (keyof Speeds)[]

/**
 * How fast models were on this device, from visit to visit and for all tabs. A measurement moves what is known halfway, so
 * that one odd value passes quickly, and farther the older that is. Nothing throws: what can't be stored holds in this page.
 */
export class SpeedRecords {
  readonly #record: PageRecord
  readonly #device: () => string
  readonly #now: () => number
  /** What could not be stored. */
  #unstored: readonly SpeedRecord[] | undefined

  constructor({ storage, device = () => '', now = Date.now }: SpeedRecordsOptions = {}) {
    this.#record = new PageRecord(storage, KEY, VERSION)
    this.#device = device
    this.#now = now
  }

  of(subject: Subject): Speeds {
    const record = this.#read().find(this.#isOf(subject))
    return defined(Object.fromEntries(QUANTITIES.map((name) => [name, this.#alive(record?.[name])?.[0]])))
  }

  /** Takes what was just measured. */
  add(subject: Subject, measured: Speeds): void {
    const records = this.#read()
    const isOf = this.#isOf(subject)
    const known = records.find(isOf)
    const values = QUANTITIES.map((name) => [name, this.#blend(this.#alive(known?.[name]), measured[name])])
    const record = { ...subject, device: this.#device(), ...defined(Object.fromEntries(values)) }
    const kept = [...records.filter((one) => !isOf(one)), record].slice(-MAX_RECORDS)
    this.#unstored = this.#record.write({ records: kept }) ? undefined : kept
  }

  #isOf({ engine, model }: Subject): (record: SpeedRecord) => boolean {
    const device = this.#device()
    return (record) => record.engine === engine && record.model === model && record.device === device
  }

  /** At least 1, because 0 means unknown. */
  #blend(old: Measured | undefined, value: number | undefined): Measured | undefined {
    if (value === undefined) return old
    const now = this.#now()
    const weight = old ? 0.5 ** (Math.max(0, now - old[1]) / HALF_LIFE_MS) : 0
    return [Math.max(1, Math.round(((old?.[0] ?? 0) * weight + value) / (weight + 1))), now]
  }

  #alive(measured: Measured | undefined): Measured | undefined {
    return measured && this.#now() - measured[1] < LIFE_MS ? measured : undefined
  }

  #read(): readonly SpeedRecord[] {
    if (this.#unstored) return this.#unstored
    const { records } = this.#record.read()
    return Array.isArray(records) ? records.filter(isRecord) : []
  }
}

/** Storage may hold anything. */
function isRecord(value: unknown): value is SpeedRecord {
  if (!isObject(value)) return false
  const { engine, model, device } = value
  return isText(engine) && isText(model) && isText(device) && QUANTITIES.every((name) => isMeasured(value[name]))
}

function isMeasured(value: unknown): boolean {
  return value === undefined || (Array.isArray(value) && value.length === 2 && value.every(isCount))
}
