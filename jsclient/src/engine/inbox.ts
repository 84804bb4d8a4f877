/** A queue between a producer that can't wait and one consumer that iterates. */
export interface Inbox<T extends object> extends AsyncIterable<T> {
  push(item: T): void
  /** After what is queued, the iteration ends, */
  end(): void
  /** or throws. With `now`, what is queued is dropped. The first end or failure wins. */
  fail(error: unknown, now?: boolean): void
}

export function createInbox<T extends object>(): Inbox<T> {
  let items: T[] = []
  let finished: { error?: unknown; failed: boolean } | undefined
  let wake: (() => void) | undefined
  const notify = () => {
    wake?.()
    wake = undefined
  }
  return {
    push(item) {
      if (finished) return
      items.push(item)
      notify()
    },
    end() {
      finished ??= { failed: false }
      notify()
    },
    fail(error, now = false) {
      if (now) {
        items = []
        finished = { failed: true, error }
      } else {
        finished ??= { failed: true, error }
      }
      notify()
    },
    async *[Symbol.asyncIterator]() {
      while (true) {
        const item = items.shift()
        if (item !== undefined) {
          yield item
        } else if (finished) {
          if (finished.failed) throw finished.error
          return
        } else {
          await new Promise<void>((resolve) => {
            wake = resolve
          })
        }
      }
    },
  }
}
