import { guarded } from '../capability/probe.ts'
import { PageRecord, type PageStorage } from '../page-record.ts'
import { parseSnapshot } from '../policy/snapshot.ts'
import { isCount, isObject, isText } from '../policy/validate.ts'
import type { Snapshot } from '../wire.ts'

/** A snapshot, and what the server said of it. */
export interface HeldSnapshot {
  readonly snapshot: Snapshot
  readonly etag: string | undefined
  /** When the server last said that it is good, Unix ms. */
  readonly checkedAt: number
}

const KEY = 'edgewise.policy'

/** Of the form that `write` gives it; another version's is forgotten. */
const VERSION = 1

/** UTF-16 code units of the longest snapshot that is kept: browsers grant an origin about five million in all. */
const MAX_LENGTH = 1_000_000

/**
 * The snapshot of an earlier visit, so that the next one can decide before it has reached the server, or without. It is one
 * user's, of one server: for anybody else, and anywhere else, there is none. Nothing throws.
 */
export class SnapshotStore {
  readonly #record: PageRecord
  readonly #baseURL: string

  constructor(storage: PageStorage | undefined, baseURL: string) {
    this.#record = new PageRecord(storage, KEY, VERSION)
    this.#baseURL = baseURL
  }

  /** What is kept for this user; undefined = nobody in particular. Anybody else's is removed. */
  read(subject: string | undefined): HeldSnapshot | undefined {
    const { baseURL, subject: whose, etag, checkedAt, snapshot } = this.#record.read()
    if (!isObject(snapshot)) return undefined
    const parsed = guarded(() => parseSnapshot(snapshot))
    if (!parsed || baseURL !== this.#baseURL || whose !== subject || !isCount(checkedAt)) {
      this.clear()
      return undefined
    }
    return { snapshot: parsed, etag: isText(etag) ? etag : undefined, checkedAt }
  }

  /** Keeps it in the place of the one before, unless it is too long. */
  write(subject: string | undefined, held: HeldSnapshot): void {
    const fits = JSON.stringify(held.snapshot).length <= MAX_LENGTH
    const kept = fits && this.#record.write({ baseURL: this.#baseURL, subject, ...held })
    // An older one would be taken for the latest.
    if (!kept) this.clear()
  }

  clear(): void {
    this.#record.write(undefined)
  }
}
