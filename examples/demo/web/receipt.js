// The receipt of an answer: what was decided and why, what was tried, and what left the device.

import { byId, describe, element, table } from './dom.js'
import { milliseconds } from './format.js'
import { traceView } from './trace.js'

const body = byId('receipt-body')

export function clearReceipt() {
  body.replaceChildren(element('p', { class: 'note' }, 'Every answer writes one when it is complete.'))
}

/** @param {import('@edgewise/client').RouteRecord} route */
export function showReceipt(route) {
  const facts = element('dl', { class: 'facts' })
  describe(facts, [
    ['Decided', `${route.target}, ${route.reason}`],
    ['Decided by', `the ${route.decidedBy}`],
    ['Answered by', `the ${route.source}, ${route.model}`],
    ['Prompt bytes sent', String(route.promptBytesSent)],
    ['Policy revision', route.policyRevision],
    ['Decision', route.decisionId],
  ])
  const trace = route.trace ? traceView(route) : element('p', { class: 'note' }, 'The decision came without a trace.')
  body.replaceChildren(facts, attempts(route), trace)
}

/** @param {import('@edgewise/client').RouteRecord} route */
function attempts(route) {
  const rows = route.attempts.map((a, i) => [
    String(i + 1),
    a.target,
    a.model ?? '–',
    a.errorCode ? `${a.outcome}: ${a.errorCode}` : a.outcome,
    milliseconds(a.ms),
  ])
  return element(
    'div',
    { class: 'scroll' },
    table(
      {},
      ['Attempt', 'Target', 'Model', 'Outcome', 'Time'],
      rows.map((row) => element('tr', {}, ...row.map((text) => element('td', {}, text)))),
    ),
  )
}
