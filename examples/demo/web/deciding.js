// Which lines of a trace decided, and the decision in a sentence.

/** @typedef {import('@edgewise/client').TraceStep} TraceStep */

/**
 * A decision with its trace. `undecidable` names the policies that only the server can evaluate, where their word would
 * count: then the page would ask the server.
 *
 * @typedef {object} Traced
 * @property {string} target
 * @property {string} reason
 * @property {readonly TraceStep[] | undefined} [trace]
 * @property {readonly string[]} [undecidable]
 */

/**
 * What is still to be asked; or else the first word against each side that is ruled out; or else the preference that
 * counted, if there was one.
 *
 * @param {Traced} decision
 */
export function decidingSteps({ target, reason, trace = [], undecidable = [] }) {
  if (undecidable.length > 0) return trace.filter(({ by }) => undecidable.includes(by))
  const against = [...firstAgainst('browser', trace), ...firstAgainst('server', trace)]
  if (against.length > 0) return against
  return trace.filter((s) => s.step === 'prefer' && s.target === target && s.said === reason).slice(0, 1)
}

/**
 * The first step that forbids a side. Before that of the choice of a model, the filter that left it none.
 *
 * @param {string} side
 * @param {readonly TraceStep[]} trace
 */
function firstAgainst(side, trace) {
  const first = trace.find(({ step, target }) => step === 'forbid' && target === side)
  if (first?.by !== 'candidate') return first ? [first] : []
  return [...trace.filter(({ step, target }) => step === 'filter' && target === side), first]
}

/** @param {import('@edgewise/client/policy').PageDecision} decision with a trace */
export function inWords(decision) {
  const { undecidable, trace = [] } = decision
  if (undecidable.length > 0)
    return `The server is asked: only it can evaluate ${listed.format(undecidable.map(quoted))}.`
  const [browser] = firstAgainst('browser', trace)
  const [server] = firstAgainst('server', trace)
  if (browser && server)
    return `Neither may answer: ${name(browser)} rules out the browser, ${name(server)} the server.`
  if (browser) return `Only the server may answer: ${name(browser)} rules out the browser.`
  if (server) return `Only the browser may answer: ${name(server)} rules out the server.`
  const [preference] = decidingSteps(decision)
  if (preference) return `Both may answer, and ${name(preference)} is the first to prefer one.`
  return 'Both may answer, and nothing speaks against the browser.'
}

const listed = new Intl.ListFormat('en')

/** @param {TraceStep} step */
function name({ by }) {
  return quoted(by)
}

/** @param {string} text */
function quoted(text) {
  return `“${text}”`
}
