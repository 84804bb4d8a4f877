/** How long the page decides alone after the server gave no decision, ms. */
const ALONE_MS = 30_000

/** Remembers that the server gave no decision, so that not every request waits for it in vain. */
export class Outage {
  readonly #now: () => number
  #last: { at: number; silent: boolean } | undefined

  /** Whatever was held against the network ends where the browser says that it is back, until the signal aborts. */
  constructor(now: () => number, signal: AbortSignal) {
    this.#now = now
    const { addEventListener } = globalThis as Partial<Pick<EventTarget, 'addEventListener'>>
    addEventListener?.call(globalThis, 'online', () => this.heard(), { signal })
  }

  /** The server was asked in vain; `silent` when it gave no answer at all. */
  begin(silent: boolean): void {
    this.#last = { at: this.#now(), silent }
  }

  /**
   * There is somebody after all; whether that is news. A server that answers, but gives no decisions, is left alone all the
   * same.
   */
  heard(): boolean {
    if (!this.#last?.silent) return false
    this.#last = undefined
    return true
  }

  /** The outage that lasts, if any. */
  get current(): { readonly silent: boolean } | undefined {
    const last = this.#last
    return last && this.#now() - last.at < ALONE_MS ? last : undefined
  }
}
