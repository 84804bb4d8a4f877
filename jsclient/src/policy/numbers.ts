/**
 * The integers that decisions are made of. Everything stays below 2^53, where JavaScript's numbers are exact, so that
 * Go and TypeScript compute the same.
 */

/** The largest count: 2^53 - 1. */
export const MAX_COUNT = Number.MAX_SAFE_INTEGER

/** MiB in a GB, as browsers and model cards count memory. */
export const GB = 1024

/** The most memory that anyone may claim, MiB: 4 TiB. */
export const MAX_MEMORY = 4 * 1024 * GB

/** A claimed count: rounded down and clamped to 0..`most`; 0 = unknown. What is no number is unknown. */
export function toCount(value: unknown, most: number = MAX_COUNT): number {
  return typeof value === 'number' && value > 0 ? Math.floor(Math.min(value, most)) : 0
}

/** A claimed amount of memory in GB as MiB, rounded down; 0 = unknown. Multiplying by a power of two is exact. */
export function toMemory(gb: unknown): number {
  return typeof gb === 'number' ? toCount(gb * GB, MAX_MEMORY) : 0
}

/** Whole part of a quotient of two non-negative integers, without the rounding of `a / b`. */
export function divide(a: number, b: number): number {
  return (a - (a % b)) / b
}

/** Bytes of a text in UTF-8; a lone surrogate counts as U+FFFD, three bytes. */
export function utf8Length(text: string): number {
  return new TextEncoder().encode(text).length
}

/** Unicode code points of a text; a lone surrogate counts as one. Allocates nothing, however long the text. */
export function codePoints(text: string): number {
  let count = text.length
  for (let i = 1; i < text.length; i++) {
    const isPair = (text.charCodeAt(i) & 0xfc00) === 0xdc00 && (text.charCodeAt(i - 1) & 0xfc00) === 0xd800
    if (isPair) count--
  }
  return count
}

/** Orders texts by code points, as Go's strings are ordered; `<` orders by UTF-16 code units. */
export function compareText(a: string, b: string): number {
  for (let i = 0; i < a.length && i < b.length; i++) {
    if (a.charCodeAt(i) === b.charCodeAt(i)) continue
    return order(a.charCodeAt(i)) - order(b.charCodeAt(i))
  }
  return a.length - b.length
}

/** Moves the surrogates, which stand for code points above U+FFFF, behind the rest of the code units. */
function order(unit: number): number {
  if (unit >= 0xe000) return unit - 0x800
  return unit >= 0xd800 ? unit + 0x2000 : unit
}
