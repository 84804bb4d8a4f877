import { guarded } from '../capability/probe.ts'

/** Asks the browser not to evict what the origin stores, which it may otherwise do whenever the disk fills up. */
export class Persistence {
  #asked = false
  #granted: boolean | undefined

  /** Whether the browser keeps it; undefined = it was not asked, or has not answered, or can't. */
  get granted(): boolean | undefined {
    return this.#granted
  }

  /** Asks once, and waits for nothing: Firefox puts the question to the user. Never throws. */
  ask(): void {
    if (this.#asked) return
    this.#asked = true
    const asking = guarded(() => navigator.storage.persist())
    asking?.then(
      (granted) => {
        this.#granted = granted
      },
      () => {},
    )
  }
}
