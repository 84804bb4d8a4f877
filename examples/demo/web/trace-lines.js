// The lines in which a trace is told: one for each filter and each policy.

/** @typedef {import('@edgewise/client').TraceStep} TraceStep */

/**
 * @typedef {object} Line
 * @property {TraceStep} step the first, of a policy that has a step for either side
 * @property {string} says
 * @property {string} why
 */

/**
 * A decision's lines by their keys.
 *
 * @param {import('./deciding.js').Traced} decision
 */
export function linesOf({ trace = [], undecidable = [] }) {
  /** @type {Map<string, Line>} */
  const lines = new Map()
  for (const step of trace) {
    if (step.step === 'outcome') continue
    const key = keyOf(step)
    const isSecond = lines.has(key)
    const says = undecidable.includes(step.by) ? 'unknown here' : saysOf(step, isSecond ? 'both' : step.target)
    lines.set(key, { step: lines.get(key)?.step ?? step, says, why: whyOf(step) })
  }
  return lines
}

/** Filters and policies may share a name. @param {TraceStep} step */
export function keyOf(step) {
  return `${isFilter(step) ? 'filter' : 'policy'} ${step.by}`
}

/** @param {TraceStep} step */
export function isFilter({ step }) {
  return step === 'filter'
}

/**
 * @param {TraceStep} step
 * @param {string | undefined} target
 */
function saysOf({ step }, target) {
  if (step === 'forbid') return `forbids ${target}`
  if (step === 'prefer') return `prefers ${target}`
  return step === 'error' ? 'failed' : 'abstains'
}

/** @param {TraceStep} step */
function whyOf({ step, said = '', failed }) {
  if (step === 'error') return '' // that it failed is all there is to say
  return failed ? `${said} (it failed)` : said
}
