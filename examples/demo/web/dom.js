/**
 * The element with an id that index.html has.
 *
 * @param {string} id
 */
export function byId(id) {
  const element = document.getElementById(id)
  if (!element) throw new Error(`index.html has no #${id}`)
  return element
}

/**
 * A new element. Text is set as text: nothing here is ever parsed as HTML.
 *
 * @param {string} tag
 * @param {Record<string, string>} [attributes]
 * @param {...(Node | string)} children
 */
export function element(tag, attributes = {}, ...children) {
  const made = document.createElement(tag)
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value)
  made.append(...children)
  return made
}

/**
 * A table with a head.
 *
 * @param {Record<string, string>} attributes
 * @param {string[]} head
 * @param {HTMLElement[]} rows
 */
export function table(attributes, head, rows) {
  return element(
    'table',
    attributes,
    element('thead', {}, element('tr', {}, ...head.map((text) => element('th', { scope: 'col' }, text)))),
    element('tbody', {}, ...rows),
  )
}

/**
 * Rows of a description list.
 *
 * @param {HTMLElement} list
 * @param {[string, string][]} rows
 */
export function describe(list, rows) {
  list.replaceChildren(...rows.flatMap(([term, text]) => [element('dt', {}, term), element('dd', {}, text)]))
}

/**
 * Writes figures into a list of them, by name.
 *
 * @param {HTMLElement} list
 * @param {Record<string, string>} figures
 */
export function fill(list, figures) {
  for (const [name, text] of Object.entries(figures)) {
    const cell = list.querySelector(`[data-stat="${name}"]`)
    if (cell) cell.textContent = text
  }
}
