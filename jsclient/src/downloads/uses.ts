import { heldLocks } from '../engine/held-locks.ts'
import { Use } from './use.ts'
import { holdAlone, type Release } from './web-locks.ts'

/** Which models are in use: by this object in this tab, and by whoever else in any tab of the origin. */
export class Uses {
  readonly #uses = new Set<Use>()
  readonly #ending = new Set<Promise<void>>()

  begin(name: string): Use {
    const use = new Use(name)
    this.#uses.add(use)
    return use
  }

  /** Idempotent. */
  end(use: Use): void {
    if (!this.#uses.delete(use)) return
    const ending = use.end().finally(() => this.#ending.delete(ending))
    this.#ending.add(ending)
  }

  endAll(): void {
    for (const use of this.#uses) this.end(use)
  }

  /** The names of those in use. Never rejects. */
  async names(): Promise<ReadonlySet<string>> {
    await Promise.all(this.#ending)
    return new Set([...((await heldLocks()) ?? []), ...[...this.#uses].map(({ name }) => name)])
  }

  /** Keeps everybody from it until the function returned is called; undefined = it is in use. Never rejects. */
  async bar(name: string): Promise<Release | undefined> {
    await Promise.all(this.#ending)
    // Without Web Locks at least this tab is known.
    return [...this.#uses].some((use) => use.name === name) ? undefined : holdAlone(name)
  }
}
