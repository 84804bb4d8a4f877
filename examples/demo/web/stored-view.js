// The stored models as a list, each with its button, and the line that says what came of a press.

import { byId, element } from './dom.js'
import { sizeOnDevice } from './format.js'

const list = byId('stored')
const status = byId('stored-status')
const preload = byId('preload')
const deleteAll = /** @type {HTMLButtonElement} */ (byId('delete-all'))

/** @param {readonly import('@edgewise/client').StoredModel[]} models */
export function showStored(models) {
  const focused = document.activeElement
  deleteAll.disabled = models.length === 0
  list.replaceChildren(...(models.length > 0 ? models.map(row) : [element('li', { class: 'why' }, 'No model yet.')]))
  const isGone = focused && (!focused.isConnected || focused.matches(':disabled'))
  if (isGone) preload.focus({ preventScroll: true }) // the keyboard keeps its place
}

/** @param {import('@edgewise/client').StoredModel} stored */
function row({ model, bytes, inUse }) {
  const detail = [sizeOnDevice(bytes, model), inUse && 'in use'].filter(Boolean).join(', ')
  return element(
    'li',
    {},
    element('span', {}, model.name, element('span', { class: 'why' }, detail)),
    element('button', { type: 'button', 'data-model': model.id, 'aria-label': `Delete ${model.name}` }, 'Delete'),
  )
}

/** @param {(id: string) => void} listener gets the model whose button was pressed */
export function onDelete(listener) {
  list.addEventListener('click', ({ target }) => {
    const id = target instanceof HTMLElement && target.dataset.model
    if (id) listener(id)
  })
}

/** The button that preloads also stops. @param {boolean} on */
export function setPreloading(on) {
  preload.textContent = on ? 'Stop' : 'Preload'
}

/**
 * @param {string} text
 * @param {boolean} [failed]
 */
export function say(text, failed = false) {
  status.textContent = text
  status.classList.toggle('error', failed)
}
