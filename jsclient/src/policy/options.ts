import { MAX_COUNT, toMemory } from './numbers.ts'

/**
 * The options of one policy in a snapshot, read strictly: a wrong type, a number out of range and an option that nobody
 * read are plain Errors, since an option that is not understood changes the meaning. As in Go, 0 and absent mean the
 * default.
 */
export class PolicyOptions {
  readonly #values: Readonly<Record<string, unknown>>
  readonly #unread: Set<string>

  constructor(values: unknown) {
    if (values !== undefined && values !== null && (typeof values !== 'object' || Array.isArray(values))) {
      throw new Error('its options are no object')
    }
    this.#values = { ...(values as object) }
    this.#unread = new Set(Object.keys(this.#values))
  }

  /** A switch. Defaults to false. */
  flag(name: string): boolean {
    const value = this.#take(name) ?? false
    if (typeof value !== 'boolean') throw new Error(`option ${name} must be true or false`)
    return value
  }

  /** A whole number from 0 to `most`. */
  count(name: string, fallback: number, most: number = MAX_COUNT): number {
    const value = this.#take(name) ?? 0
    if (!Number.isInteger(value) || (value as number) < 0 || (value as number) > most) {
      throw new Error(`option ${name} must be a whole number from 0 to ${most}`)
    }
    return (value as number) || fallback
  }

  /** An amount of memory, GB in the snapshot and MiB here. */
  memory(name: string, fallback: number): number {
    const value = this.#take(name) ?? 0
    if (typeof value !== 'number') throw new Error(`option ${name} must be a number of GB`)
    return toMemory(value) || fallback
  }

  /** Throws when an option was not read. */
  end(): void {
    for (const name of this.#unread) throw new Error(`option ${JSON.stringify(name)} is unknown to this version`)
  }

  #take(name: string): unknown {
    this.#unread.delete(name)
    return this.#values[name]
  }
}
