import { guarded } from '../capability/probe.ts'
import { hold, holdAlone, type Release } from './web-locks.ts'

/**
 * That this tab uses a model, from before it is loaded until it is gone: a shared lock, so that no tab removes its files
 * meanwhile. A page that goes into the back-forward cache lets go of it until it comes back: nobody should be kept from
 * removing a model by a page that has been left, and in some browsers a lock keeps the page out of that cache. A resident
 * model does not need its files. Nothing of it throws.
 */
export class Use {
  /** The lock's name. */
  readonly name: string
  /** Resolves when it has the lock, which waits for those who are removing the files. */
  readonly begun: Promise<void>
  #release: Release | undefined
  #wanted = true
  #tidying: Promise<void> = Promise.resolve()
  readonly #over = new AbortController()

  constructor(name: string) {
    this.name = name
    this.begun = this.#enter()
    guarded(() => {
      const { signal } = this.#over
      addEventListener('pagehide', (event) => event.persisted && this.#hide(), { signal })
      addEventListener('pageshow', (event) => event.persisted && this.#show(), { signal })
    })
  }

  /** Runs the job if no other tab uses the model, and lets none begin to meanwhile. Call it once. */
  alone(job: () => Promise<void>): void {
    this.#tidying = (async () => {
      await this.#leave()
      const release = await holdAlone(this.name)
      if (release) await job().catch(() => {})
      // Asked for first, so that nobody can remove the files between the two.
      const back = this.#enter()
      await release?.()
      await back
    })()
  }

  /** Resolves when others can remove the files. Idempotent. */
  async end(): Promise<void> {
    this.#wanted = false
    this.#over.abort()
    await this.#leave()
    await this.#tidying
  }

  async #enter(): Promise<void> {
    const release = await hold(this.name, { mode: 'shared', signal: this.#over.signal }).catch(() => undefined)
    if (this.#wanted && !this.#release) this.#release = release
    else await release?.()
  }

  async #leave(): Promise<void> {
    const release = this.#release
    this.#release = undefined
    await release?.()
  }

  #hide(): void {
    this.#wanted = false
    void this.#leave()
  }

  #show(): void {
    this.#wanted = true
    void this.#enter()
  }
}
