import { MAX_COUNT, toMemory } from './numbers.ts'
import { isCount, isList, isObject, isText } from './validate.ts'

/** Reads one option; absent, null and zero mean its default, as in Go. Undefined when the value makes no sense. */
export type Reader<T> = (value: unknown) => T | undefined

export type Readers<T> = { readonly [K in keyof T]: Reader<T[K]> }

/** A switch. Defaults to false. */
export const flag: Reader<boolean> = (value = false) => (typeof value === 'boolean' ? value : undefined)

/** A whole number. */
export function count(fallback: number, most: number = MAX_COUNT): Reader<number> {
  return (value = 0) => (isCount(value) && value <= most ? value || fallback : undefined)
}

/** An amount of memory, GB in the snapshot and MiB here. */
export function memory(fallback: number): Reader<number> {
  return (value = 0) => (typeof value === 'number' ? toMemory(value) || fallback : undefined)
}

/** A list of names. Defaults to none. */
export const names: Reader<string[]> = (value = []) => (isList(value, isText) ? value : undefined)

/** Options by name, each read alike. Defaults to none. */
export function byName<T>(reader: Reader<T>): Reader<ReadonlyMap<string, T>> {
  return (value = {}) => {
    if (!isObject(value)) return undefined
    const options = new Map<string, T>()
    for (const [name, given] of Object.entries(value)) {
      const option = reader(given ?? undefined)
      if (option === undefined) return undefined
      options.set(name, option)
    }
    return options
  }
}

/**
 * Reads options strictly: a wrong type, a number out of range and an unknown option are plain Errors, since an option
 * that is not understood changes the meaning.
 */
export function readOptions<T>(readers: Readers<T>, given: unknown): T {
  const values = given ?? {}
  if (!isObject(values)) throw new Error('options must be an object')
  for (const name of Object.keys(values))
    if (!Object.hasOwn(readers, name)) throw new Error(`option ${name} is unknown`)
  const options: Partial<T> = {}
  for (const name in readers) {
    const value = readers[name](values[name] ?? undefined)
    if (value === undefined) throw new Error(`option ${name} makes no sense`)
    options[name] = value
  }
  return options as T
}
