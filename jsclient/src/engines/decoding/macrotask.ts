/**
 * Waits for a task of the event loop, not for a microtask: on WebAssembly the package's `generate` yields none, so that
 * a worker would hear "abort" only when the answer is complete. A MessageChannel costs microseconds, a timer 1 to 4 ms.
 */
export function createMacrotask(): () => Promise<void> {
  const waiting: (() => void)[] = []
  const { port1, port2 } = new MessageChannel()
  port1.onmessage = () => waiting.shift()?.()
  return () =>
    new Promise<void>((resolve) => {
      waiting.push(resolve)
      port2.postMessage(null)
    })
}

/** So that an abort stops within five tokens; */
const MOST_STEPS = 3

/** and is heard at once by models whose tokens take longer than this, ms, where a turn costs nothing beside them. */
const MOST_MS = 4

/** Lets the event loop turn before a step of an engine, unless it has just done so. */
export function createBreather(macrotask: () => Promise<void>): () => Promise<void> {
  let steps = 0
  let last = Number.NEGATIVE_INFINITY
  return async () => {
    if (++steps < MOST_STEPS && performance.now() - last < MOST_MS) return
    await macrotask()
    steps = 0
    last = performance.now()
  }
}
