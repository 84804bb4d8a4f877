/**
 * The values of a generator as a stream, each made when it is asked for; others may be put between them. A reader who
 * leaves aborts `work`, which the generator must hear, because one that waits can't be left.
 */
export function readable<T>(
  work: AbortController,
  begin: (sink: ReadableStreamDefaultController<T>) => AsyncGenerator<T, void, undefined>,
): ReadableStream<T> {
  let values: AsyncGenerator<T, void, undefined> | undefined
  const source: UnderlyingDefaultSource<T> = {
    async pull(sink) {
      values ??= begin(sink)
      const { done, value } = await values.next()
      if (done) sink.close()
      else sink.enqueue(value)
    },
    async cancel(reason) {
      work.abort(reason)
      await values?.return().catch(() => {})
    },
  }
  return new ReadableStream(source, { highWaterMark: 0 })
}

/** Either signal. */
export function either(work: AbortController, given: AbortSignal | undefined): AbortSignal {
  return given ? AbortSignal.any([work.signal, given]) : work.signal
}
