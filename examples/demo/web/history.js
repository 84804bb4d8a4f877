// What was asked before, so that both sides can be compared on the same prompt. The newest is at the end, where it moves
// nothing.

import { byId, element } from './dom.js'
import { cost, milliseconds, speed } from './format.js'

const rows = byId('history')
const scroller = byId('history-scroll')

/**
 * @typedef {object} Answered
 * @property {import('@edgewise/client').RouteRecord} route
 * @property {boolean} loaded its time includes loading the model
 */

/** The last answer of each side, by prompt. @type {Map<string, Map<string, Answered>>} */
const latest = new Map()

/**
 * @param {string} prompt
 * @param {Answered} answered
 */
export function addToHistory(prompt, answered) {
  const { route } = answered
  const sides = latest.get(prompt) ?? new Map()
  latest.set(prompt, sides.set(route.source, answered))
  const other = sides.get(route.source === 'browser' ? 'server' : 'browser')

  rows.querySelector('.empty')?.remove()
  rows.append(
    element(
      'tr',
      {},
      element('td', { class: 'prompt', title: prompt }, prompt),
      element('td', { class: `source-${route.source}`, title: route.reason }, route.source),
      element('td', { class: 'number' }, milliseconds(route.latencyMs)),
      element('td', { class: 'number' }, speed(route.tokensPerSecond)),
      element('td', { class: 'number' }, cost(serverTokens(route))),
      element('td', { class: 'comparison' }, comparison(answered, other)),
    ),
  )
  scroller.scrollTop = scroller.scrollHeight
}

/**
 * The tokens that the server was sent and made, of an answer that it may have had a part in.
 *
 * @param {import('@edgewise/client').RouteRecord} route
 */
function serverTokens({ attempts, promptTokens, completionTokens }) {
  const untold = attempts.length === 1 ? completionTokens : 0
  let sum = 0
  for (const { target, promptTokens: sent = promptTokens, completionTokens: made = untold } of attempts) {
    // Who made nothing may not even have read the prompt.
    if (target === 'server' && made > 0) sum += sent + made
  }
  return sum
}

/**
 * @param {Answered} answered
 * @param {Answered | undefined} other
 */
function comparison(answered, other) {
  if (!other) return 'not asked yet'
  if (answered.loaded || other.loaded) return 'not comparable yet'
  const [mine, theirs] = [answered.route, other.route]
  const [fast, slow] = mine.latencyMs < theirs.latencyMs ? [mine, theirs] : [theirs, mine]
  const factor = Math.max(slow.latencyMs, 1) / Math.max(fast.latencyMs, 1)
  return factor < 1.05 ? 'as fast' : `${fast.source} ${factor.toFixed(1)}× faster`
}
