/** Makes an error that is nobody's to catch visible, as the platform does with those of event listeners. */
export function surface(error: unknown): void {
  const { reportError } = globalThis as { reportError?: (error: unknown) => void }
  const rethrow = (): void => {
    throw error
  }
  if (reportError) reportError(error)
  else queueMicrotask(rethrow)
}
