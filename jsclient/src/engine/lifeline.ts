/**
 * How a page hears of a worker's end. Browsers make no event of it, whether somebody calls `terminate`, the worker closes
 * itself or the browser kills it; but a Web Lock that the worker holds falls free at that moment.
 */

/** Takes a lock until then, or this thread's end. Resolves with its name; undefined where there are no Web Locks. */
export async function holdLifeline(until: Promise<void>): Promise<string | undefined> {
  try {
    const name = `edgewise-${crypto.randomUUID()}`
    await new Promise<void>((held, refused) => {
      const hold = () => {
        held()
        return until
      }
      navigator.locks.request(name, hold).catch(refused)
    })
    return name
  } catch {
    return undefined
  }
}

/** Calls `onEnd` when the thread that holds the lock has ended. The function returned stops listening. */
export function watchLifeline(name: string, onEnd: () => void): () => void {
  const controller = new AbortController()
  const { signal } = controller
  navigator.locks?.request(name, { signal }, () => signal.aborted || onEnd()).catch(() => {})
  return () => controller.abort()
}
