/** The global functions that tell or take time, and how they are replaced. */

/** What takes the place of the real ones. */
export interface Clock {
  readonly setTimeout: (run: () => void, ms?: number) => unknown
  readonly setInterval: (run: () => void, ms?: number) => unknown
  /** Whether the timer was one of the clock's. */
  clear(timer: unknown): boolean
  /** Unix ms. */
  readonly now: () => number
  /** Milliseconds since it was installed. */
  elapsed(): number
}

/** Puts the clock in their place. The function returned puts them back. */
export function replaceTime(clock: Clock): () => void {
  const { clearTimeout, clearInterval, performance, AbortSignal } = globalThis
  // Whole, so that differences are exact.
  const began = Math.ceil(performance.now())
  /** Timers that were set before are none of the clock's. */
  const clear = (real: (timer: never) => void) => (timer: unknown) => {
    if (!clock.clear(timer)) real(timer as never)
  }
  const restores = [
    replace(globalThis, 'setTimeout', clock.setTimeout),
    replace(globalThis, 'setInterval', clock.setInterval),
    replace(globalThis, 'clearTimeout', clear(clearTimeout)),
    replace(globalThis, 'clearInterval', clear(clearInterval)),
    replace(globalThis, 'Date', virtualDate(clock)),
    replace(performance, 'now', () => began + clock.elapsed()),
    replace(AbortSignal, 'timeout', (ms: number) => timeoutOf(clock, ms)),
  ]
  return () => {
    for (const restore of restores) restore()
  }
}

function replace(owner: object, name: string, value: unknown): () => void {
  const old = Object.getOwnPropertyDescriptor(owner, name)
  Object.defineProperty(owner, name, { value, writable: true, configurable: true })
  return () => {
    if (old) Object.defineProperty(owner, name, old)
    else Reflect.deleteProperty(owner, name)
  }
}

/** `Date`, whose present is the clock's. Dates made by either are dates to both. */
function virtualDate(clock: Clock): DateConstructor {
  return new Proxy(Date, {
    construct: (target, args, self) => Reflect.construct(target, args.length > 0 ? args : [clock.now()], self),
    apply: (target) => new target(clock.now()).toString(),
    get: (target, name) => (name === 'now' ? clock.now : Reflect.get(target, name)),
  })
}

function timeoutOf(clock: Clock, ms: number): AbortSignal {
  const controller = new AbortController()
  const reason = (): DOMException => new DOMException('The operation was aborted due to timeout', 'TimeoutError')
  clock.setTimeout(() => controller.abort(reason()), ms)
  return controller.signal
}
