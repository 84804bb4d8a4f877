import { divide } from './numbers.ts'

/** The highest price of each kind, millionths of a US dollar: a thousand dollars. */
export const MAX_PRICE = 1_000_000_000

/** The most tokens, or megabytes, that are priced, so that no product reaches 2^53. */
const MAX_PRICED = 2 ** 23

/** What so many tokens cost, millionths of a US dollar. */
export function tokenCost(count: number, perMillion: number): number {
  return divide(Math.min(count, MAX_PRICED) * perMillion, 1_000_000)
}

/** What sending so many bytes to a page costs, millionths of a US dollar. */
export function downloadCost(bytes: number, perGB: number): number {
  return divide(Math.min(divide(bytes, 1_000_000), MAX_PRICED) * perGB, 1000)
}
