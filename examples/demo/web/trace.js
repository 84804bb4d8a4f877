// A decision's trace as two tables: how many models each filter left, and what each policy said. Beside another trace it
// shows what differs.

import { decidingSteps } from './deciding.js'
import { element, table } from './dom.js'
import { detailParts } from './trace-detail.js'
import { isFilter, keyOf, linesOf } from './trace-lines.js'

/** @typedef {import('./deciding.js').Traced} Traced */
/** @typedef {import('./trace-lines.js').Line} Line */

/**
 * @param {Traced} decision
 * @param {Traced} [other] the decision to compare with
 */
export function traceView(decision, other) {
  const deciding = new Set(decidingSteps(decision).map(keyOf))
  const others = other && linesOf(other)
  const rows = [...linesOf(decision)].map(([key, line]) => ({
    line,
    decides: deciding.has(key),
    was: others?.get(key),
  }))
  const filters = rows.filter(({ line }) => isFilter(line.step))
  const policies = rows.filter(({ line }) => !isFilter(line.step))
  const most = Math.max(1, ...filters.flatMap(({ line, was }) => [remaining(line), was ? remaining(was) : 0]))
  const compared = other ? ['Here'] : []
  const view = element(
    'div',
    { class: 'trace' },
    withRoles(
      table(
        { class: 'filters', 'aria-label': 'Models that each filter leaves' },
        ['Filter', 'Models left', ...compared],
        filters.map((row) => filterRow(row, most)),
      ),
    ),
    withRoles(
      table(
        { class: 'policies', 'aria-label': 'What each policy says' },
        ['Policy', 'Says', 'Why', ...compared],
        policies.map(policyRow),
      ),
    ),
  )
  view.dataset.target = decision.undecidable?.length ? 'server' : decision.target
  return view
}

const ROLES = Object.entries({
  'thead, tbody': 'rowgroup',
  tr: 'row',
  td: 'cell',
  '[scope=col]': 'columnheader',
  '[scope=row]': 'rowheader',
})

/**
 * Laid out as a grid, a table is none to some screen readers unless its parts say so.
 *
 * @param {HTMLElement} table
 */
function withRoles(table) {
  table.setAttribute('role', 'table')
  for (const [parts, role] of ROLES) {
    for (const part of table.querySelectorAll(parts)) part.setAttribute('role', role)
  }
  return table
}

/** @typedef {{ line: Line, decides: boolean, was: Line | undefined }} Row */

/** Models left after a filter. @param {Line} line */
function remaining({ step }) {
  return step.remaining ?? 0
}

/**
 * @param {Row} row
 * @param {number} most models before any filter
 */
function filterRow({ line, decides, was }, most) {
  const left = remaining(line)
  const changed = was !== undefined && remaining(was) !== left
  const row = tableRow(line, { decides, changed }, [
    element('td', { class: 'left' }, String(left)),
    ...(was ? [element('td', { class: 'was' }, changed ? String(remaining(was)) : '')] : []),
  ])
  row.style.setProperty('--share', String(left / most))
  return row
}

/** @param {Row} row */
function policyRow({ line, decides, was }) {
  const changed = was !== undefined && (was.says !== line.says || was.why !== line.why)
  const numbers = detailParts(line.step.detail, was?.step.detail)
  return tableRow(line, { decides, changed }, [
    element('td', { class: 'says' }, line.says),
    whyCell(line.why, numbers),
    ...(was ? [element('td', { class: 'was' }, changed ? was.says : '')] : []),
  ])
}

/**
 * @param {string} reason
 * @param {import('./trace-detail.js').Part[]} numbers
 */
function whyCell(reason, numbers) {
  const cell = element('td', { class: 'why' }, reason)
  if (numbers.length === 0) return cell
  const parts = numbers.flatMap(({ text, changed }, i) => [
    i > 0 ? ', ' : '',
    element(changed ? 'b' : 'span', {}, text),
  ])
  cell.append(reason && ': ', element('span', { class: 'numbers' }, ...parts))
  return cell
}

/**
 * @param {Line} line
 * @param {{ decides: boolean, changed: boolean }} marks
 * @param {HTMLElement[]} cells
 */
function tableRow({ step: { step, by, target } }, { decides, changed }, cells) {
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
