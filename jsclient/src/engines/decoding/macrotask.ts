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
