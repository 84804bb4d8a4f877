/// <reference lib="esnext.disposable" preserve="true" />
import { surface } from '../errors/surface.ts'
import { turn } from './turn.ts'
import { replaceTime } from './virtual-globals.ts'

/** Options of `VirtualClock`. */
export interface VirtualClockOptions {
  /** What it shows at first, Unix ms. Defaults to the present. */
  now?: number
}

/** What `setTimeout` gives while a clock is installed: for `clearTimeout`, and with what Node's timers have. */
export interface VirtualTimer {
  /** Does nothing. */
  ref(): VirtualTimer
  /** Does nothing. */
  unref(): VirtualTimer
  /** True. */
  hasRef(): boolean
}

interface Timer extends VirtualTimer {
  due: number
  /** Of an interval, ms. */
  period?: number
  run(): void
}

/** Turns of the event loop in which what a timer set off may come to rest. */
const TURNS = 10

let installed: VirtualClock | undefined

/**
 * A clock that stands still until it is told to go on, for what watches over time: stalls, timeouts, retries. Like the
 * fake timers of test runners, but it lets promises and messages settle at every step, in Node and in a page. Its
 * methods are bound, so that `clock.now` can be handed over as it is.
 *
 * @example
 * using clock = VirtualClock.install()
 * const answer = client.generate('Hello', { signal: AbortSignal.timeout(10_000) })
 * await clock.advance(10_000)
 * await assert.rejects(answer, { name: 'TimeoutError' })
 */
export class VirtualClock implements Disposable {
  readonly #start: number
  #elapsed = 0
  #timers: Timer[] = []
  #restore: (() => void) | undefined

  /** A clock that nobody uses but who is handed its methods. */
  constructor({ now = Date.now() }: VirtualClockOptions = {}) {
    this.#start = now
  }

  /**
   * Makes a clock and puts it in the place of the global `setTimeout`, `setInterval`, `Date`, `performance.now` and
   * `AbortSignal.timeout`. Install it before the code under test takes hold of them, as a client does of `Date.now` when
   * it is made. Throws when one is installed already.
   */
  static install(options: VirtualClockOptions = {}): VirtualClock {
    if (installed) throw new Error('a virtual clock is installed already: uninstall it first')
    const clock = new VirtualClock(options)
    clock.#restore = replaceTime(clock)
    installed = clock
    return clock
  }

  /** Puts everything back. Timers that are still pending never run. Idempotent; `using` calls it. */
  uninstall(): void {
    this.#restore?.()
    this.#restore = undefined
    this.#timers = []
    if (installed === this) installed = undefined
  }

  [Symbol.dispose](): void {
    this.uninstall()
  }

  /** How many timers are set. */
  get pending(): number {
    return this.#timers.length
  }

  /** What it shows, Unix ms. */
  readonly now = (): number => this.#start + this.#elapsed

  /** How long it has run, ms. */
  readonly elapsed = (): number => this.#elapsed

  /** One that is due at once needs no `advance`: it runs in the next turn of the event loop. */
  readonly setTimeout = (callback: (...args: never[]) => void, ms = 0, ...args: unknown[]): VirtualTimer =>
    this.#set(callback, ms, args)

  /** Its period is at least 1 ms. */
  readonly setInterval = (callback: (...args: never[]) => void, ms = 0, ...args: unknown[]): VirtualTimer => {
    const period = Math.max(1, ms)
    return this.#set(callback, period, args, period)
  }

  /** Ends a timeout or an interval. What is none of its own is let be. Gives whether it was one. */
  readonly clear = (timer: unknown): boolean => {
    const isMine = this.#timers.includes(timer as Timer)
    this.#timers = this.#timers.filter((one) => one !== timer)
    return isMine
  }

  /**
   * Lets so many ms pass. Timers run when they are due, in their order, and before and after each one there is time for
   * what it sets off: promises, and messages between the ports of one thread. Workers keep real time.
   */
  readonly advance = async (ms: number): Promise<void> => {
    const end = this.#elapsed + ms
    for (const timer of this.#missed()) {
      if (this.#timers.includes(timer)) this.#fire(timer)
      await undefined
    }
    await settle()
    for (let next = this.#next(end); next; next = this.#next(end)) {
      this.#run(next)
      await settle()
    }
    this.#elapsed = Math.max(this.#elapsed, end)
  }

  /**
   * Lets time pass, from timer to timer, until the promise settles, and settles as it does. What takes real time, such as
   * a worker's answer, must not race a timer: the timer would win.
   */
  readonly until = async <T>(promise: Promise<T>): Promise<T> => {
    let settled = false
    const settles = (): void => {
      settled = true
    }
    promise.then(settles, settles)
    for (await settle(); !settled; await settle()) {
      const next = this.#next(Infinity)
      if (next) this.#run(next)
    }
    return promise
  }

  /**
   * Lets so many ms pass in which nothing runs, as for a page that was frozen. The next `advance` begins as such a page
   * does when it wakes: the timers that were missed run at once, late, before any message comes.
   */
  readonly skip = (ms: number): void => {
    this.#elapsed += ms
  }

  #set(callback: (...args: never[]) => void, ms: number, args: unknown[], period?: number): VirtualTimer {
    const timer: Timer = {
      due: this.#elapsed + Math.max(0, ms || 0),
      ...(period !== undefined && { period }),
      run: () => callback(...(args as never[])),
      ref: () => timer,
      unref: () => timer,
      hasRef: () => true,
    }
    this.#timers.push(timer)
    if (timer.due === this.#elapsed) void turn().then(() => this.#timers.includes(timer) && this.#fire(timer))
    return timer
  }

  #missed(): Timer[] {
    return this.#timers.filter(({ due }) => due < this.#elapsed).sort((a, b) => a.due - b.due)
  }

  /** The first of those that are due by then; of two at once, the one that was set first. */
  #next(end: number): Timer | undefined {
    return this.#timers
      .filter(({ due }) => due <= end)
      .reduce<Timer | undefined>((first, timer) => (first && first.due <= timer.due ? first : timer), undefined)
  }

  #run(timer: Timer): void {
    this.#elapsed = Math.max(this.#elapsed, timer.due)
    this.#fire(timer)
  }

  #fire(timer: Timer): void {
    if (timer.period === undefined) this.clear(timer)
    else timer.due = Math.max(timer.due, this.#elapsed) + timer.period
    try {
      timer.run()
    } catch (error) {
      surface(error)
    }
  }
}

async function settle(): Promise<void> {
  for (let i = 0; i < TURNS; i++) await turn()
}
