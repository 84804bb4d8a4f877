// Which lines of a trace decided, and the decision in a sentence.

/** @typedef {import('@edgewise/client').TraceStep} TraceStep */
/** @typedef {{ target: string, reason: string, trace?: readonly TraceStep[] | undefined }} Traced */

/** Policies whose word against the browser counts before the choice of a model, which a trace tells of first. */
const BEFORE_MODELS = ['enabled', 'capability']

/**
 * The first word against each side that is ruled out; or else the preference that counted, if there was one.
 *
 * @param {Traced} decision
 */
export function decidingSteps({ target, reason, trace = [] }) {
  const against = [firstAgainst('browser', trace), firstAgainst('server', trace)].filter((step) => step !== undefined)
  if (against.length > 0) return against
  const preference = trace.find((s) => s.step === 'prefer' && s.target === target && s.said === reason)
  return preference ? [preference] : []
}

/**
 * @param {string} side
 * @param {readonly TraceStep[]} trace
 */
function firstAgainst(side, trace) {
  // A filter speaks against the browser when it takes the last model.
  const words = trace.filter(({ step, target }) => target === side && (step === 'forbid' || step === 'filter'))
  return words.find(({ by }) => BEFORE_MODELS.includes(by)) ?? words[0]
}

/** @param {import('@edgewise/client').Decision} decision */
export function inWords(decision) {
  const { target, fallback } = decision
  const [first, second] = decidingSteps(decision).map(({ by }) => `“${by}”`)
  if (target === 'none') return `Neither may answer: ${first} rules out the browser, ${second} the server.`
  const other = target === 'browser' ? 'server' : 'browser'
  if (!fallback) return `Only the ${target} may answer: ${first} rules out the ${other}.`
  if (first) return `Both may answer, and ${first} is the first to prefer one.`
  return 'Both may answer, and nothing speaks against the browser.'
}
