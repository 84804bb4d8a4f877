/**
 * Whether an error means that the caller gave up. An aborted call throws its signal's own reason, unchanged: a
 * TimeoutError of `AbortSignal.timeout`, or whatever `controller.abort(x)` was given; pass the signal to recognise those.
 */
export function isAbortError(error: unknown, signal?: AbortSignal): boolean {
  if (signal?.aborted && error === signal.reason) return true
  return error instanceof Error && error.name === 'AbortError'
}

/**
 * Settles as the promise does, or rejects with the signal's reason as soon as it aborts. The work behind the promise
 * goes on unless it watches the signal too; its late rejection is swallowed.
 */
export function raceAbort<T>(promise: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (!signal) return promise
  return new Promise<T>((resolve, reject) => {
    const onAbort = (): void => reject(signal.reason)
    if (signal.aborted) onAbort()
    signal.addEventListener('abort', onAbort)
    promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', onAbort))
  })
}
