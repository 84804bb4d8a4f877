// Notices at the edge of the page, in the way of nothing: one a subject.

import { byId, element } from './dom.js'

/** @typedef {{ label: string, act: () => void }} Action */

/**
 * @param {'offline' | 'update'} subject
 * @param {string} text empty: there is nothing more to say
 * @param {Action} [action]
 */
export function showNotice(subject, text, action) {
  const notice = byId(`notice-${subject}`)
  // Screen readers speak a line whenever it is written, even if it says the same.
  if (notice.firstChild?.textContent === text || (!text && !notice.firstChild)) return
  notice.replaceChildren(...(text ? [element('span', {}, text)] : []))
  if (!action) return
  const button = element('button', { type: 'button' }, action.label)
  button.addEventListener('click', action.act)
  notice.append(button)
}
