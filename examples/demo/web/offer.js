// The question whether a model may be downloaded. Whoever pressed a button for it gets it in the middle of the page; who is
// offered one out of the blue finds it at the edge, and can go on with what they do.

import { byId, describe } from './dom.js'
import { size, sizeOnDevice } from './format.js'

const dialog = /** @type {HTMLDialogElement} */ (byId('offer'))
const title = byId('offer-title')
const why = byId('offer-why')
const announcer = byId('offer-announcer')

/** The id of the model that the user is asked about; undefined = there is no question. */
export function offeredModel() {
  return dialog.open ? dialog.dataset.model : undefined
}

/** The offer before this one, which must have been answered. */
let last = Promise.resolve(false)

/**
 * Asks the user. An offer that no longer matters is closed, and its answer nobody hears.
 *
 * @param {import('@edgewise/client').DownloadOffer} offer
 */
export function offerDownload(offer) {
  last = last.then(() => (offer.signal.aborted ? false : answerTo(offer)))
  return last
}

/**
 * @param {import('@edgewise/client').DownloadOffer} offer
 * @returns {Promise<boolean>}
 */
function answerTo(offer) {
  write(offer)
  return new Promise((resolve) => {
    const close = () => dialog.close('')
    const onClose = () => {
      offer.signal.removeEventListener('abort', close)
      announcer.textContent = ''
      resolve(dialog.returnValue === 'yes')
    }
    dialog.addEventListener('close', onClose, { once: true })
    offer.signal.addEventListener('abort', close, { once: true })
    open(offer.purpose === 'idle')
  })
}

/** @param {boolean} unasked */
function open(unasked) {
  dialog.returnValue = ''
  if (!unasked) return dialog.showModal()
  // show() would take the focus from whoever is typing.
  dialog.open = true
  announcer.textContent = `${title.textContent} The question is behind the Ask section.`
}

/** @param {import('@edgewise/client').DownloadOffer} offer */
function write({ model, bytes, seconds, metered, storage, purpose }) {
  const unasked = purpose === 'idle'
  dialog.dataset.model = model.id
  title.textContent = unasked ? 'Answer here from now on?' : 'Download the model?'
  why.textContent = unasked
    ? 'With the model here your text need not leave this device, and answers go on without a connection.'
    : 'To answer here, this device needs the model. It stays until you delete it.'
  describe(byId('offer-facts'), [
    ['Model', model.name],
    ['Size', bytes === undefined ? 'unknown' : sizeOnDevice(bytes, model)],
    ['Time', seconds === undefined ? 'unknown' : `at most ${seconds} s`],
    ['Storage', storage ? `${storage.usage ? size(storage.usage) : '0 B'} of ${size(storage.quota)} used` : 'unknown'],
  ])
  byId('offer-metered').hidden = !metered
}

dialog.addEventListener('keydown', (event) => {
  if (event.key !== 'Escape') return
  event.stopPropagation() // it says no to the download, and does not stop the answer
  if (!dialog.matches(':modal')) dialog.close('')
})

dialog.addEventListener('close', () => {
  // A modal dialog gives the focus back by itself.
  if (document.activeElement === document.body) byId('prompt').focus({ preventScroll: true })
})
