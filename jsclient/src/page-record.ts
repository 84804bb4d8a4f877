/** What lasts longer than the page: JSON in the browser's storage, and so in every tab of the origin. */
import { guarded } from './capability/probe.ts'
import { isObject } from './policy/validate.ts'

/** Where it is kept. `localStorage` is one. Its methods may throw. */
export type PageStorage = Pick<Storage, 'getItem' | 'setItem' | 'removeItem'>

/**
 * One object under one name. Read it each time: another tab may have written since. Nothing throws: storage may be absent,
 * blocked or full, and may hold anything.
 */
export class PageRecord {
  readonly #storage: PageStorage | undefined
  readonly #key: string
  readonly #version: number

  /** What is kept in another version counts as nothing. */
  constructor(storage: PageStorage | undefined, key: string, version: number) {
    this.#storage = storage
    this.#key = key
    this.#version = version
  }

  /** What is kept, of whatever form; empty if nothing is. */
  read(): Readonly<Record<string, unknown>> {
    const value: unknown = guarded(() => JSON.parse(this.#storage?.getItem(this.#key) ?? 'null'))
    return isObject(value) && value.version === this.#version ? value : {}
  }

  /** Keeps it, undefined = nothing any more, and says whether that could be done. */
  write(value: object | undefined): boolean {
    const storage = this.#storage
    if (!storage) return false
    const kept = guarded(() => {
      if (value) storage.setItem(this.#key, JSON.stringify({ version: this.#version, ...value }))
      else storage.removeItem(this.#key)
      return true
    })
    return kept ?? false
  }
}
