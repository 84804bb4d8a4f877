/**
 * The integers that decisions are made of. Everything stays below 2^53, where JavaScript's numbers are exact, so that
 * Go and TypeScript compute the same.
 */

/** The largest count: 2^53 - 1. */
export const MAX_COUNT = Number.MAX_SAFE_INTEGER

/** MiB in a GB, as browsers and model cards count memory. */
export const GB = 1024

/** The most memory that anyone may claim, or ask for, MiB: 4 TiB. */
export const MAX_MEMORY = 4 * 1024 * GB

/** A claimed count: rounded down and clamped to 0..`most`; 0 = unknown. What is no number is unknown. */
export function toCount(value: unknown, most: number = MAX_COUNT): number {
  return typeof value === 'number' && value > 0 ? Math.floor(Math.min(value, most)) : 0
}

/**
 * A claimed amount of memory in GB as MiB, rounded down, but never to nothing; 0 = unknown. Multiplying by a power of
 * two is exact.
 */
export function toMemory(gb: unknown): number {
  return typeof gb === 'number' && gb > 0 ? Math.max(toCount(gb * GB, MAX_MEMORY), 1) : 0
}

/** A claimed yes or no; what is neither is unknown. */
export function toFlag(value: unknown): boolean | undefined {
  return typeof value === 'boolean' ? value : undefined
}

/** Whole part of a quotient of two non-negative integers, without the rounding of `a / b`. */
export function divide(a: number, b: number): number {
  return (a - (a % b)) / b
}

/** Most bytes of a UTF-16 code unit in UTF-8. */
export const BYTES_PER_UNIT = 3

/** Bytes of a text in UTF-8; a lone surrogate counts as U+FFFD, three bytes. */
export function utf8Length(text: string): number {
  return new TextEncoder().encode(text).length
}

/** Unicode code points of a text; a lone surrogate counts as one. */
export function codePoints(text: string): number {
  const { length } = text
  if (!/[\ud800-\udbff]/.test(text)) return length
  let pairs = 0
  for (let i = 0; i < length; i++) {
    if ((text.codePointAt(i) as number) <= 0xffff) continue
    pairs++
    i++
  }
  return length - pairs
}
