import { raceAbort } from '../errors/abort.ts'

/** One at a time, in the order of arrival. */
export interface Queue {
  /** Waits for its turn, then returns the function that ends the turn. Rejects with the signal's reason while waiting. */
  acquire(signal?: AbortSignal): Promise<() => void>
}

/** Like a mutex; aborting a waiter takes it out of the line without disturbing the others. */
export function createQueue(): Queue {
  let tail: Promise<void> = Promise.resolve()
  return {
    async acquire(signal) {
      signal?.throwIfAborted()
      const before = tail
      let release: () => void = () => {}
      const mine = new Promise<void>((resolve) => {
        release = resolve
      })
      tail = before.then(() => mine)
      try {
        await raceAbort(before, signal)
        signal?.throwIfAborted()
      } catch (error) {
        release()
        throw error
      }
      return release
    },
  }
}
