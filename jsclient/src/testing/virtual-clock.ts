/// <reference lib="esnext.disposable" preserve="true" />
import { surface } from '../errors/surface.ts'
import { turn } from './turn.ts'
import { replaceTime } from './virtual-globals.ts'
import { ClockTimer, type VirtualTimer } from './virtual-timer.ts'

export type { VirtualTimer } from './virtual-timer.ts'

/** Options of `VirtualClock`. */
export interface VirtualClockOptions {
  /** What it shows at first, Unix ms. Defaults to the present. */
  now?: number
  /** How long `until` waits for something to happen when no timer is set, about so many real ms. Defaults to 5000. */
  patienceMs?: number
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
  #timers: ClockTimer[] = []
  #restore: (() => void) | undefined
  /** It was installed, and is no longer. */
  #isOver = false
  readonly #patienceMs: number
  /** The real one. */
  readonly #sleep: typeof globalThis.setTimeout

  /** A clock that nobody uses but who is handed its methods. */
  constructor({ now = Date.now(), patienceMs = 5000 }: VirtualClockOptions = {}) {
    this.#start = now
    this.#patienceMs = patienceMs
    this.#sleep = installed ? installed.#sleep : globalThis.setTimeout
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
    this.#isOver = this.#restore !== undefined
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

  /** Ends a timeout or an interval, or the one of that number. What is none of its own is let be. Gives whether it was one. */
  readonly clear = (timer: unknown): boolean => {
    const before = this.#timers.length
    this.#timers = this.#timers.filter((one) => one !== timer && one.id !== timer)
    return this.#timers.length < before
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
   * a worker's answer, or that of a browser's `navigator.locks`, must not race a timer: the timer would win. Where no timer
   * is set and nothing happens it waits for `patienceMs`, then rejects: the promise would never settle.
   */
  readonly until = async <T>(promise: Promise<T>): Promise<T> => {
    let settled = false
    const settles = (): void => {
      settled = true
    }
    promise.then(settles, settles)
    let idle = 0
    for (await settle(); !settled; await settle()) {
      if (this.#isOver)
        throw new Error('The clock was uninstalled while it was waited for: await `until` before its scope ends.')
      const next = this.#next(Infinity)
      if (next) {
        this.#run(next)
        idle = 0
      } else if (idle < this.#patienceMs) idle += await this.#rest(idle)
      else throw new Error('No timer is set and nothing happens any more, but the promise has not settled.')
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

  /** Waits in real time: the longer, the less has happened for so many ms. Gives how many it waited. */
  #rest(idle: number): Promise<number> {
    const sleep = this.#sleep
    const ms = Math.min(1 + idle, 20)
    return new Promise((resolve) => {
      sleep(() => resolve(ms), ms)
    })
  }

  #set(callback: (...args: never[]) => void, ms: number, args: unknown[], period?: number): VirtualTimer {
    const timer = new ClockTimer(() => callback(...(args as never[])), {
      period,
      start: () => this.#arm(timer, Math.max(0, ms || 0)),
      clear: () => this.clear(timer),
    })
    return timer.refresh()
  }

  #arm(timer: ClockTimer, ms: number): void {
    this.clear(timer)
    timer.due = this.#elapsed + ms
    this.#timers.push(timer)
    if (ms === 0) void turn().then(() => this.#timers.includes(timer) && this.#fire(timer))
  }

  #missed(): ClockTimer[] {
    return this.#timers.filter(({ due }) => due < this.#elapsed).sort((a, b) => a.due - b.due)
  }

  /** The first of those that are due by then; of two at once, the one that was set first. */
  #next(end: number): ClockTimer | undefined {
    return this.#timers
      .filter(({ due }) => due <= end)
      .reduce<ClockTimer | undefined>((first, timer) => (first && first.due <= timer.due ? first : timer), undefined)
  }

  #run(timer: ClockTimer): void {
    this.#elapsed = Math.max(this.#elapsed, timer.due)
    this.#fire(timer)
  }

  #fire(timer: ClockTimer): void {
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
