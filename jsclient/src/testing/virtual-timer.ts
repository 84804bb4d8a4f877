/// <reference lib="esnext.disposable" preserve="true" />
/**
 * What `setTimeout` gives while a clock is installed: for `clearTimeout`, and with what Node's timers have. As a number,
 * which pages expect, it can be cleared too.
 */
export interface VirtualTimer extends Disposable {
  /** Does nothing. */
  ref(): VirtualTimer
  /** Does nothing. */
  unref(): VirtualTimer
  /** True. */
  hasRef(): boolean
  /** Begins anew, also after it ran or was cleared. */
  refresh(): VirtualTimer
  /** Clears it. */
  close(): VirtualTimer
  [Symbol.toPrimitive](): number
}

/** What a timer asks of its clock. */
export interface TimerHooks {
  /** Of an interval, ms. */
  period: number | undefined
  start(): void
  clear(): void
}

/** Numbers that no real timer has, so that clearing a virtual one late harms none. */
let lastId = 1_000_000_000

export class ClockTimer implements VirtualTimer {
  readonly id: number = ++lastId
  /** What the clock shows then, ms since it began. */
  due = 0
  readonly period: number | undefined
  readonly run: () => void
  readonly #hooks: TimerHooks

  constructor(run: () => void, hooks: TimerHooks) {
    this.run = run
    this.period = hooks.period
    this.#hooks = hooks
  }

  ref(): this {
    return this
  }

  unref(): this {
    return this
  }

  hasRef(): boolean {
    return true
  }

  refresh(): this {
    this.#hooks.start()
    return this
  }

  close(): this {
    this.#hooks.clear()
    return this
  }

  [Symbol.toPrimitive](): number {
    return this.id
  }

  [Symbol.dispose](): void {
    this.close()
  }
}
