import { GB, MAX_COUNT, MAX_MEMORY, toMemory } from './numbers.ts'
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
  return (value = 0) => {
    const sensible = typeof value === 'number' && value >= 0 && value * GB <= MAX_MEMORY
    return sensible ? toMemory(value) || fallback : undefined
  }
}

/** A list of names. Defaults to none. */
export const names: Reader<string[]> = (value = []) => (isList(value, isText) ? value : undefined)

/** A list of words, none of them empty. Defaults to none. */
export const words: Reader<string[]> = (value) => {
  const given = names(value)
  return given?.includes('') ? undefined : given
}

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

/** Reads options strictly, as {@link readFields} does; an unknown one is an Error too, for it changes the meaning. */
export function readOptions<T>(readers: Readers<T>, given: unknown): T {
  const unknown = Object.keys(given ?? {}).find((name) => !Object.hasOwn(readers, name))
  if (unknown !== undefined) throw new Error(`${unknown} is unknown`)
  return readFields(readers, given)
}

/** Reads the fields that have a reader. A wrong type and a number out of range are plain Errors that name the field. */
export function readFields<T>(readers: Readers<T>, given: unknown): T {
  const values = given ?? {}
  if (!isObject(values)) throw new Error('an object is wanted')
  const fields: Partial<T> = {}
  for (const name in readers) {
    const value = readers[name](values[name] ?? undefined)
    if (value === undefined) throw new Error(`${name} is missing or makes no sense`)
    fields[name] = value
  }
  return fields as T
}
