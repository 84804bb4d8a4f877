/**
 * When a model that keeps failing on this device is left alone, and for how long. Like any circuit breaker: closed, open
 * for a while, then half-open. Half-open is what an open one becomes by itself: the model may be tried, a failure opens
 * the circuit again, for twice as long, and an answer that comes to its end closes it. A load alone doesn't: a model may
 * load every time and die at every answer. One that nobody tries for long enough is forgotten.
 */
export type Circuit = ClosedCircuit | TrippedCircuit

/** Its failures are counted. They grow old by themselves; an answer in between doesn't make a flaky model sound. */
interface ClosedCircuit {
  /** Unix ms, the oldest first. */
  readonly failures: readonly number[]
}

/** Open, and half-open later. */
interface TrippedCircuit {
  /** Unix ms. */
  readonly since: number
  /** How long it is open, ms. */
  readonly forMs: number
}

const MINUTE = 60_000
const DAY = 24 * 60 * MINUTE

/** How long a failure counts, ms. Within a sitting: what broke yesterday may have been the day's other tabs. */
export const FAILURE_WINDOW_MS = 5 * MINUTE

/**
 * How long failures open a circuit, ms. At first as long as they count, in which other tabs may free what was short. No
 * more than a day: drivers and browsers are updated overnight.
 */
const FAILED = { least: FAILURE_WINDOW_MS, most: DAY }

/**
 * How long a crash of the tab opens it, ms. Unlike a failure it took the user's work with it, so that one is enough, and a
 * second on the same day would be too many. No more than a week, about as often as browsers are updated.
 */
const CRASHED = { least: DAY, most: 7 * DAY }

/** The longest of all, ms. */
export const LONGEST_MS = CRASHED.most

/** `maxFailures` is at least 1. */
export function afterFailure(circuit: Circuit | undefined, now: number, maxFailures: number): Circuit {
  // Nobody should have tried; that it failed once more says nothing new.
  if (isOpen(circuit, now)) return circuit
  const last = remembered(circuit, now)
  if (isTripped(last)) return trip(last, now, FAILED)
  const failures = [...recent(last, now), now]
  return failures.length < maxFailures ? { failures } : trip(undefined, now, FAILED)
}

export function afterCrash(circuit: Circuit | undefined, now: number): Circuit {
  const last = remembered(circuit, now)
  return trip(isTripped(last) ? last : undefined, now, CRASHED)
}

/** Undefined = there is nothing more to remember. */
export function afterAnswer(circuit: Circuit | undefined): Circuit | undefined {
  return isTripped(circuit) ? undefined : circuit
}

/** What policies are told. While the circuit is open it is the number at which they leave a model out. */
export function failuresOf(circuit: Circuit | undefined, now: number, maxFailures: number): number {
  return isTripped(circuit) ? (isOpen(circuit, now) ? maxFailures : 0) : recent(circuit, now).length
}

/** Twice as long as the last time, within the bounds. */
function trip(last: TrippedCircuit | undefined, now: number, { least, most }: typeof FAILED): TrippedCircuit {
  return { since: now, forMs: Math.min(Math.max(2 * (last?.forMs ?? 0), least), most) }
}

/** One that was half-open for longer than it was open, and as long as a failure counts, says nothing of today. */
function remembered(circuit: Circuit | undefined, now: number): Circuit | undefined {
  const isOld = isTripped(circuit) && !isWithin(2 * circuit.forMs + FAILURE_WINDOW_MS, circuit.since, now)
  return isOld ? undefined : circuit
}

function isTripped(circuit: Circuit | undefined): circuit is TrippedCircuit {
  return circuit !== undefined && 'since' in circuit
}

function isOpen(circuit: Circuit | undefined, now: number): circuit is TrippedCircuit {
  return isTripped(circuit) && isWithin(circuit.forMs, circuit.since, now)
}

function recent(circuit: ClosedCircuit | undefined, now: number): number[] {
  return circuit?.failures.filter((at) => isWithin(FAILURE_WINDOW_MS, at, now)) ?? []
}

/** A time in the future comes of a clock that was set back. By a little it hardly matters, by more it is no time at all. */
function isWithin(ms: number, at: number, now: number): boolean {
  return Math.abs(now - at) < ms
}
