// The page: what is shown, and what the user does.

const byId = (/** @type {string} */ id) => /** @type {HTMLElement} */ (document.getElementById(id))
const input = /** @type {HTMLInputElement} */ (byId('message'))
const progress = /** @type {HTMLProgressElement} */ (byId('progress'))
const question = byId('question')

/** @param {(text: string) => void} send */
export function onSend(send) {
  byId('form').addEventListener('submit', (event) => {
    event.preventDefault()
    if (byId('send').matches(':disabled')) return
    send(input.value)
    input.value = ''
  })
}

/** @param {() => void} stop */
export function onStop(stop) {
  byId('stop').addEventListener('click', stop)
}

/** Whether an answer is on its way. Screen readers hear of it when it is complete. @param {boolean} isBusy */
export function setBusy(isBusy) {
  byId('messages').ariaBusy = String(isBusy)
  byId('send').toggleAttribute('disabled', isBusy)
  byId('stop').toggleAttribute('disabled', !isBusy)
}

/** Adds an empty message, to be filled. @param {'user' | 'assistant'} role */
export function addMessage(role) {
  const [text, from] = [document.createElement('p'), document.createElement('small')]
  const item = document.createElement('li')
  item.className = role
  item.append(text, from)
  byId('messages').append(item)
  return { text, from }
}

/** @param {import('@edgewise/client').LoadProgress | undefined} load the one under way, if one is */
export function showLoad(load) {
  progress.hidden = !load
  progress.value = load?.progress ?? 0
}

/** @param {string} note */
export function showNote(note) {
  byId('note').textContent = note
}

/** @param {string} problem "" = there is none */
export function showProblem(problem) {
  byId('problem').textContent = problem
}

/**
 * Asks the user before a download.
 *
 * @param {import('@edgewise/client').DownloadOffer} offer
 * @returns {Promise<boolean | undefined>} undefined = nobody waits for the model any more
 */
export function askUser({ model, bytes, signal }) {
  const size = bytes === undefined ? 'unknown size' : `${(bytes / 1e6).toFixed(1)} MB`
  byId('offer').textContent = `Shall ${model.name} answer on this device? It is a download of ${size}.`
  question.hidden = false
  return new Promise((resolve) => {
    const answer = (/** @type {boolean | undefined} */ yes) => {
      signal.onabort = null
      question.hidden = true
      resolve(yes)
    }
    signal.onabort = () => answer(undefined)
    byId('yes').onclick = () => answer(true)
    byId('no').onclick = () => answer(false)
  })
}
