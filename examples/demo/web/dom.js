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
 * @param {{ class?: string, title?: string, scope?: string }} [attributes]
 * @param {...(Node | string)} children
 */
export function element(tag, attributes = {}, ...children) {
  const made = document.createElement(tag)
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value)
  made.append(...children)
  return made
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
