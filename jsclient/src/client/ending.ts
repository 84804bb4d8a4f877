/** The end of a client's life, which begins in the next turn of the event loop and can be taken back until then. */
export interface Ending {
  /** Resolves when it is over, or was taken back. */
  readonly promise: Promise<void>
  /** Takes it back. Gives false when it is too late for that. */
  cancel(): boolean
}

/** Announces the end. `tearDown` must not reject. */
export function announceEnd(tearDown: () => Promise<void>): Ending {
  let cancel = (): boolean => false
  const promise = new Promise<void>((resolve) => {
    let begun = false
    const timer = setTimeout(() => {
      begun = true
      void tearDown().then(resolve)
    })
    cancel = () => {
      if (begun) return false
      clearTimeout(timer)
      resolve()
      return true
    }
  })
  return { promise, cancel }
}
