import type { PageStorage } from '../../src/page-record.ts'

/** A storage that can be blocked, or full. */
export class TestStorage implements PageStorage {
  readonly items = new Map<string, string>()
  /** What throws. */
  broken: readonly (keyof PageStorage)[] = []
  /** The most characters of a value. */
  room = Infinity
  writes = 0

  constructor(items: Record<string, string> = {}) {
    this.items = new Map(Object.entries(items))
  }

  /** Another one that holds the same. */
  copy(): TestStorage {
    return new TestStorage(Object.fromEntries(this.items))
  }

  getItem(key: string): string | null {
    this.#meet('getItem')
    return this.items.get(key) ?? null
  }

  setItem(key: string, value: string): void {
    this.#meet('setItem')
    if (value.length > this.room) throw new DOMException('the storage is full', 'QuotaExceededError')
    this.writes++
    this.items.set(key, value)
  }

  removeItem(key: string): void {
    this.#meet('removeItem')
    this.items.delete(key)
  }

  #meet(name: keyof PageStorage): void {
    if (this.broken.includes(name)) throw new DOMException('the storage is blocked', 'SecurityError')
  }
}
