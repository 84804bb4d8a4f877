/** How values become text. */
export interface ByteStreamOptions<T> {
  /** What is read already. */
  first?: IteratorResult<T, void> | undefined
  write(value: T): string
  /** What is written behind the last value. Defaults to nothing. */
  end?: string
  /** What is written, last, where reading fails; what it throws fails the stream. Defaults to throwing the error. */
  fail?(error: unknown): string
}

/** Values as text in UTF-8, read as they are wanted. Leaving the stream leaves them at once, also while one is awaited. */
export function toByteStream<T>(
  values: AsyncIterator<T, void>,
  { first, write, end = '', fail = rethrow }: ByteStreamOptions<T>,
): ReadableStream<Uint8Array> {
  const encoder = new TextEncoder()
  let next = first
  return new ReadableStream<Uint8Array>({
    async pull(controller) {
      const send = (text: string): void => controller.enqueue(encoder.encode(text))
      try {
        const { done, value } = next ?? (await values.next())
        next = undefined
        if (!done) return send(write(value))
        if (end !== '') send(end)
      } catch (error) {
        send(fail(error))
      }
      controller.close()
    },
    async cancel() {
      await values.return?.()
    },
  })
}

function rethrow(error: unknown): never {
  throw error
}
