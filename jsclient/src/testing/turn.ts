import { raceAbort } from '../errors/abort.ts'

/**
 * One task of the event loop, in real time whatever a virtual clock says: what was posted before it, such as a message of a
 * `MessagePort`, arrives meanwhile.
 */
export function turn(): Promise<void> {
  return new Promise((resolve) => {
    const { setImmediate } = globalThis as { setImmediate?: (run: () => void) => void }
    if (setImmediate) return setImmediate(resolve)
    const { port1, port2 } = new MessageChannel()
    port1.onmessage = () => {
      port1.close()
      resolve()
    }
    port2.postMessage(null)
  })
}

/** So many ms, of the virtual clock if there is one; 0 = a turn of the event loop. An abort ends it, and its timer. */
export function delay(ms: number, signal: AbortSignal): Promise<void> {
  if (!(ms > 0)) return raceAbort(turn(), signal)
  let timer: ReturnType<typeof setTimeout>
  const wait = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, ms)
  })
  return raceAbort(wait, signal).finally(() => clearTimeout(timer))
}
