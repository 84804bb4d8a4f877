// A decision's trace as two tables: how many models each filter left, and what each policy said. Beside another trace it
// shows what differs.

import { decidingSteps } from './deciding.js'
import { element, table } from './dom.js'
import { detailParts } from './trace-detail.js'

/** @typedef {import('@edgewise/client').TraceStep} TraceStep */

/**
 * @param {import('./deciding.js').Traced} decision
 * @param {import('./deciding.js').Traced} [other] the decision to compare with
 */
export function traceView(decision, other) {
  const deciding = decidingSteps(decision)
  const rows = (decision.trace ?? [])
    .filter(({ step }) => step !== 'outcome')
    .map((step) => ({
      step,
      decides: deciding.includes(step),
      was: other?.trace?.find((was) => was.by === step.by && isFilter(was) === isFilter(step)),
    }))
  const filters = rows.filter(({ step }) => isFilter(step))
  const policies = rows.filter(({ step }) => !isFilter(step))
  const most = Math.max(1, ...filters.flatMap(({ step, was }) => [step.remaining ?? 0, was?.remaining ?? 0]))
  const compared = other ? ['Here'] : []
  const view = element(
    'div',
    { class: 'trace' },
    table(
      { class: 'filters', 'aria-label': 'Models that each filter leaves' },
      ['Filter', 'Models left', ...compared],
      filters.map((row) => filterRow(row, most)),
    ),
    table(
      { class: 'policies', 'aria-label': 'What each policy says' },
      ['Policy', 'Says', 'Why', ...compared],
      policies.map(policyRow),
    ),
  )
  view.dataset.target = decision.target
  return view
}

/** @param {TraceStep} step */
function isFilter({ step }) {
  return step === 'filter'
}

/** @typedef {{ step: TraceStep, decides: boolean, was: TraceStep | undefined }} Row */

/**
 * @param {Row} row
 * @param {number} most models before any filter
 */
function filterRow({ step, decides, was }, most) {
  const left = step.remaining ?? 0
  const changed = was !== undefined && was.remaining !== left
  const row = tableRow(step, { decides, changed }, [
    element('td', { class: 'left' }, String(left)),
    ...(was ? [element('td', { class: 'was' }, changed ? String(was.remaining) : '')] : []),
  ])
  row.style.setProperty('--share', String(left / most))
  return row
}

/** @param {Row} row */
function policyRow({ step, decides, was }) {
  const changed = was !== undefined && (says(was) !== says(step) || was.said !== step.said)
  const numbers = detailParts(step.detail, was?.detail)
  return tableRow(step, { decides, changed }, [
    element('td', { class: 'says' }, says(step)),
    why(step.said ?? '', numbers),
    ...(was ? [element('td', { class: 'was' }, changed ? says(was) : '')] : []),
  ])
}

/**
 * @param {string} reason
 * @param {import('./trace-detail.js').Part[]} numbers
 */
function why(reason, numbers) {
  const cell = element('td', { class: 'why' }, reason)
  if (numbers.length === 0) return cell
  const parts = numbers.flatMap(({ text, changed }, i) => [
    i > 0 ? ', ' : '',
    element(changed ? 'b' : 'span', {}, text),
  ])
  cell.append(reason && ': ', element('span', { class: 'numbers' }, ...parts))
  return cell
}

/** @param {TraceStep} step */
function says({ step, target }) {
  if (step === 'forbid') return `forbids ${target}`
  if (step === 'prefer') return `prefers ${target}`
  return step === 'error' ? 'failed' : 'abstains'
}

/**
 * @param {TraceStep} step
 * @param {{ decides: boolean, changed: boolean }} marks
 * @param {HTMLElement[]} cells
 */
function tableRow({ step, by, target }, { decides, changed }, cells) {
  const name = element('th', { scope: 'row' }, by)
  const marks = [changed && 'changed', decides && 'decides'].filter(Boolean).join(', ')
  if (marks) name.append(element('span', { class: 'visually-hidden' }, `(${marks})`))
  const row = element('tr', {}, name, ...cells)
  row.dataset.step = step
  if (target) row.dataset.target = target
  row.toggleAttribute('data-decides', decides)
  row.toggleAttribute('data-changed', changed)
  return row
}
