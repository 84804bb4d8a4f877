/** Checks of values that came as JSON. */

/** A whole number from 0 to 2^53 - 1. */
export function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0
}

export function isText(value: unknown): value is string {
  return typeof value === 'string'
}

export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

export function isList<T>(value: unknown, isItem: (item: unknown) => item is T): value is T[] {
  return Array.isArray(value) && value.every(isItem)
}

/** Throws a plain Error that names the first field that is not fine. */
export function insist(owner: string, fields: Readonly<Record<string, unknown>>): void {
  for (const [field, fine] of Object.entries(fields)) {
    if (!fine) throw new Error(`${owner}: ${field} is missing or makes no sense`)
  }
}

/** Reads something; what that throws becomes a plain Error that says where. */
export function within<T>(where: string, read: () => T): T {
  try {
    return read()
  } catch (cause) {
    throw new Error(`${where}: ${(cause as Error).message}`, { cause })
  }
}
