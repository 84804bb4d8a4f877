import { raceAbort } from '../errors/abort.ts'
import type { LoadProgress } from './engine.ts'
import { tell } from './manager-listeners.ts'
import type { ManagedLoadOptions } from './manager-options.ts'

/** How much a load is wanted. */
export type LoadWish = Pick<ManagedLoadOptions, 'purpose' | 'consented'>

/** Who waits for a load. */
export interface LoadWaiter {
  readonly signal: AbortSignal
  readonly onProgress?: ((progress: LoadProgress) => void) | undefined
  /** Called once the load has its place in the engine's line, at once if it has it already. */
  onQueued(): void
}

/** A load that callers share. It is aborted when the last of them has gone, or by `cancel`. */
export class SharedLoad {
  /** Ends it. */
  readonly signal: AbortSignal
  readonly #wish: LoadWish
  /** Its last one. */
  progress: LoadProgress | undefined
  readonly #controller = new AbortController()
  readonly #done: Promise<void>
  readonly #listeners = new Set<(progress: LoadProgress) => void>()
  /** Undefined once it has its place in the line. */
  #followers: (() => void)[] | undefined = []
  #waiters = 0
  #settled = false

  /** `wish` is its first caller's; `life` bounds it. `run` is called in a while, when others can find the load. */
  constructor(wish: LoadWish, life: AbortSignal, run: () => Promise<void>) {
    this.#wish = wish
    this.signal = AbortSignal.any([this.#controller.signal, life])
    this.#done = Promise.resolve()
      .then(run)
      .finally(() => {
        this.#settled = true
      })
    this.#done.catch(() => {})
  }

  /** What another tab has downloaded is not undone by the load from disk that follows. */
  report(progress: LoadProgress): void {
    this.progress = { ...progress, progress: Math.max(progress.progress, this.progress?.progress ?? 0) }
    tell(this.#listeners, this.progress)
  }

  /** Whether somebody asked for less than this wish does, so that a no to them is none to it. */
  isBelow({ purpose, consented }: LoadWish): boolean {
    const { purpose: own, consented: agreed } = this.#wish
    return (own === 'idle' && purpose !== 'idle') || (Boolean(consented) && !agreed)
  }

  /** It has its place in the engine's line. */
  queued(): void {
    const followers = this.#followers ?? []
    this.#followers = undefined
    tell(followers)
  }

  /** Ends it for all who wait, who hear the reason. Settles when it has ended, and never rejects. */
  cancel(reason: unknown): Promise<void> {
    this.#controller.abort(reason)
    return this.#done.catch(() => {})
  }

  /** Waits for it, in company. Rejects as the load does, or with the waiter's reason. */
  async join({ signal, onProgress, onQueued }: LoadWaiter): Promise<void> {
    this.#waiters++
    if (this.#followers) this.#followers.push(onQueued)
    else onQueued()
    if (onProgress) {
      this.#listeners.add(onProgress)
      if (this.progress) tell([onProgress], this.progress)
    }
    try {
      await raceAbort(this.#done, signal)
    } finally {
      if (onProgress) this.#listeners.delete(onProgress)
      if (--this.#waiters === 0 && !this.#settled) this.#controller.abort()
    }
  }
}
