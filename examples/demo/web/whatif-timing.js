// How long one decision takes. Browsers' clocks are too coarse for a single one, and pages are interrupted: it is the mean
// of the many that were made at the last moves.

/** How long to measure at each move, ms: little beside a frame. */
const MEASURE_MS = 2

/** How many moves count. */
const MOVES = 10

/** How long to run before the first time, ms: until then the browser still compiles. */
const WARM_UP_MS = 40

const BATCH = 50

/** @typedef {{ calls: number, ms: number }} Measured */

/** @type {Measured[]} */
const last = []

/**
 * @param {() => unknown} decide
 * @returns {{ microseconds: number, calls: number }}
 */
export function timed(decide) {
  if (last.length === 0) run(decide, WARM_UP_MS)
  last.unshift(run(decide, MEASURE_MS))
  last.splice(MOVES)
  const calls = last.reduce((sum, one) => sum + one.calls, 0)
  const ms = last.reduce((sum, one) => sum + one.ms, 0)
  return { microseconds: (ms * 1000) / calls, calls }
}

/**
 * @param {() => unknown} decide
 * @param {number} leastMs
 * @returns {Measured}
 */
function run(decide, leastMs) {
  const start = performance.now()
  let calls = 0
  let ms = 0
  do {
    for (let i = 0; i < BATCH; i++) decide()
    calls += BATCH
    ms = performance.now() - start
  } while (ms < leastMs)
  return { calls, ms }
}
