/** What a page changes of a list of records that others change too. */
import type { Subject } from './health-records.ts'

/** A circuit, or the marker of a tab. */
type Listed = Subject & { readonly lock?: string }

export interface Edit<T> {
  /** What it added or changed, as it is now. */
  readonly changed: readonly T[]
  /** What it took away. */
  readonly removed: readonly T[]
}

export const NOTHING: Edit<never> = { changed: [], removed: [] }

/** What makes one list the other. A record that was changed is another object. */
export function editOf<T extends Listed>(before: readonly T[], after: readonly T[]): Edit<T> {
  return { changed: after.filter((one) => !before.includes(one)), removed: before.filter((one) => !isIn(after, one)) }
}

export function edited<T extends Listed>(list: readonly T[], { changed, removed }: Edit<T>): T[] {
  return [...list.filter((one) => !isIn(changed, one) && !isIn(removed, one)), ...changed]
}

/** What of the list, as it is there, the other one has too. */
export function common<T extends Listed>(list: readonly T[], other: readonly T[]): T[] {
  return list.filter((one) => isIn(other, one))
}

/** Whether two records are of the same model, and of the same tab where they are of one. */
export function isSame(one: Listed, other: Listed): boolean {
  return one.engine === other.engine && one.model === other.model && one.lock === other.lock
}

function isIn(list: readonly Listed[], one: Listed): boolean {
  return list.some((other) => isSame(one, other))
}
