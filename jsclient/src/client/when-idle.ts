type Idling = Pick<typeof globalThis, 'requestIdleCallback' | 'cancelIdleCallback'>

/** Longest wait for a page that always has something to do, such as an animation, ms. */
const MAX_WAIT_MS = 5000

/**
 * Runs once so many ms have passed and the page then has nothing to do; where the browser doesn't tell, once they have
 * passed. The function returned takes it back.
 */
export function whenIdle(run: () => void, graceMs: number): () => void {
  const { requestIdleCallback: request, cancelIdleCallback } = globalThis as Partial<Idling>
  const timer = setTimeout(() => {
    if (!request) return run()
    const handle = request(run, { timeout: MAX_WAIT_MS })
    cancel = () => cancelIdleCallback?.(handle)
  }, graceMs)
  let cancel = (): void => clearTimeout(timer)
  return () => cancel()
}
