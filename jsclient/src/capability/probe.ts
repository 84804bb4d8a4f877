/** Bounds of one probe. */
export interface ProbeOptions {
  /** Gives the probe up, as the timeout does. */
  signal?: AbortSignal | undefined
  /** Longest wait, ms. Defaults to 2,000: a GPU process that hangs never answers at all. */
  timeoutMs?: number | undefined
}

export const DEFAULT_PROBE_TIMEOUT_MS = 2000

/** Runs a probe that may throw: what can't be read is unknown. */
export function guarded<T>(probe: () => T): T | undefined {
  try {
    return probe()
  } catch {
    return undefined
  }
}

/** Runs a probe that may throw, reject or hang. Never rejects: `undefined` when it fails, is aborted or takes too long. */
export function bounded<T>(probe: () => Promise<T> | undefined, options: ProbeOptions = {}): Promise<T | undefined> {
  const { signal, timeoutMs = DEFAULT_PROBE_TIMEOUT_MS } = options
  return new Promise((resolve) => {
    const finish = (value: T | undefined): void => {
      clearTimeout(timer)
      signal?.removeEventListener('abort', giveUp)
      resolve(value)
    }
    const giveUp = (): void => finish(undefined)
    const timer = setTimeout(giveUp, timeoutMs)
    if (signal?.aborted) return giveUp()
    signal?.addEventListener('abort', giveUp)
    // `then` in an async function, so that a probe that throws at once counts as one that rejects.
    void (async () => probe())().then(finish, giveUp)
  })
}
