// The receipt of an answer: what was decided and why, what was tried, and what left the device.

import { byId, describe, element, table } from './dom.js'
import { count, milliseconds } from './format.js'
import { traceView } from './trace.js'

const body = byId('receipt-body')

export function clearReceipt() {
  body.replaceChildren(element('p', { class: 'note' }, 'Every answer writes one when it is complete.'))
}

/**
 * @param {import('@edgewise/client').RouteRecord} route
 * @param {'' | 'local-only'} privacy what was asked for
 */
export function showReceipt(route, privacy) {
  const facts = element('dl', { class: 'facts' })
  describe(facts, [
    ['Decided', `${route.target}, ${route.reason}`],
    ['Decided by', `the ${route.decidedBy}`],
    ['Answered by', `the ${route.source}, ${route.model}`],
    ['Privacy', privacy ? 'local only: nothing was asked of the server, not even where to run' : 'any'],
    ['Policy revision', route.policyRevision],
    ['Decision', route.decisionId],
  ])
  const trace = route.trace ? traceView(route) : element('p', { class: 'note' }, 'The decision came without a trace.')
  body.replaceChildren(inWords(route), facts, attempts(route), trace)
}

/** @param {import('@edgewise/client').RouteRecord} route */
function inWords({ promptBytesSent: bytes, attempts }) {
  const wentOn = attempts.some(({ target, continued }) => target === 'server' && continued)
  const what = wentOn ? 'the prompt and of the text to go on with' : 'the prompt'
  const words = `${count(bytes)} bytes of ${what} left this device.`
  return element('p', { class: `sent source-${bytes === 0 ? 'browser' : 'server'}` }, words)
}

/** @param {import('@edgewise/client').RouteRecord} route */
function attempts(route) {
  const rows = route.attempts.map((a, i) => [
    String(i + 1),
    a.target,
    a.model ?? '–',
    outcome(a),
    a.completionTokens === undefined ? '–' : count(a.completionTokens),
    milliseconds(a.ms),
  ])
  return element(
    'div',
    { class: 'scroll' },
    table(
      {},
      ['Attempt', 'Target', 'Model', 'Outcome', 'Tokens', 'Time'],
      rows.map((row) => element('tr', {}, ...row.map((text) => element('td', {}, text)))),
    ),
  )
}

/** @param {import('@edgewise/client').RouteAttempt} attempt */
function outcome({ outcome, errorCode, continued }) {
  const words = errorCode ? `${outcome}: ${errorCode}` : outcome
  return continued ? `went on, ${words}` : words
}
