import type { LoadProgress } from '../engine/engine.ts'
import { surface } from '../errors/surface.ts'
import type { Reason, Target } from '../wire.ts'

/** What the client is at. With several requests under way it is the latest that shows. */
export type ClientPhase = 'idle' | 'initializing' | 'ready' | 'deciding' | 'loading' | 'generating' | 'disposed'

/** What a UI shows. Immutable: a new object after every change, the same one otherwise. */
export interface ClientStatus {
  readonly phase: ClientPhase
  /** Requests under way. */
  readonly active: number
  /** Where the latest request runs, or ran. */
  readonly target?: Target
  /** Why it runs there. */
  readonly reason?: Reason
  /** Model id of the latest request, or of the preload. */
  readonly model?: string
  /** Of the load that is under way. */
  readonly progress?: LoadProgress
}

/** A store in the form that React's `useSyncExternalStore` takes. */
export class StatusStore {
  #status: ClientStatus = Object.freeze({ phase: 'idle', active: 0 })
  readonly #listeners = new Set<() => void>()
  /** What is shown while nothing runs. */
  #rest: ClientPhase = 'idle'

  readonly get = (): ClientStatus => this.#status

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  /** Changes members; undefined takes one away. */
  set(change: { [K in keyof ClientStatus]?: ClientStatus[K] | undefined }): void {
    const next = Object.entries({ ...this.#status, ...change }).filter(([, value]) => value !== undefined)
    this.#status = Object.freeze(Object.fromEntries(next)) as unknown as ClientStatus
    for (const listener of [...this.#listeners]) {
      try {
        listener()
      } catch (error) {
        // A mistake of the UI is no reason to break off an answer.
        surface(error)
      }
    }
  }

  /** Whether the client is initialized: at rest it is then ready, and otherwise idle. */
  set initialized(initialized: boolean) {
    this.#rest = initialized ? 'ready' : 'idle'
  }

  /** A request begins. */
  begin(phase: ClientPhase): void {
    this.set({ phase, active: this.#status.active + 1 })
  }

  /** It has ended; with `more` to come the phase stays. */
  end(more = false): void {
    const active = this.#status.active - 1
    const rests = active === 0 && !more && this.#status.phase !== 'disposed'
    this.set({ active, ...(rests && { phase: this.#rest }), progress: undefined })
  }
}
