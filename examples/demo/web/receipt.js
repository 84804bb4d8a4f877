// The receipt of an answer: what was decided and why, what was tried, and what left the device.

import { byId, describe, element } from './dom.js'
import { milliseconds } from './format.js'

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
  const parts = [facts, attempts(route)]
  if (route.trace) parts.push(trace(route.trace))
  body.replaceChildren(...parts)
}

/** @param {import('@edgewise/client').RouteRecord} route */
function attempts(route) {
  return table(
    ['Attempt', 'Target', 'Model', 'Outcome', 'Time'],
    route.attempts.map((a, i) => [
      String(i + 1),
      a.target,
      a.model ?? '–',
      a.errorCode ? `${a.outcome}: ${a.errorCode}` : a.outcome,
      milliseconds(a.ms),
    ]),
  )
}

/** @param {readonly import('@edgewise/client').TraceStep[]} steps */
function trace(steps) {
  return table(
    ['Step', 'By', 'Said', 'Numbers'],
    steps.map((s) => [
      s.target ? `${s.step} ${s.target}` : s.step,
      s.by,
      s.said ?? '',
      [
        ...(s.remaining === undefined ? [] : [`${s.remaining} left`]),
        ...Object.entries(s.detail ?? {}).map(([name, value]) => `${name} ${value}`),
      ].join(', '),
    ]),
  )
}

/**
 * @param {string[]} head
 * @param {string[][]} rows
 */
function table(head, rows) {
  return element(
    'div',
    { class: 'scroll' },
    element(
      'table',
      {},
      element('thead', {}, element('tr', {}, ...head.map((text) => element('th', { scope: 'col' }, text)))),
      element('tbody', {}, ...rows.map((row) => element('tr', {}, ...row.map((text) => element('td', {}, text))))),
    ),
  )
}
