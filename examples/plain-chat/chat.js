// A chat whose answers come from this device or from the server. What it shows is in page.js.

import { isAbortError } from '@edgewise/client'
import { makeClient } from './client.js'
import { addMessage, askUser, onSend, onStop, setBusy, showLoad, showNote, showProblem } from './page.js'

/** What was said so far. @type {import('@edgewise/client').ChatRequest['messages']} */
const messages = []

/** Ends the answer that is on its way; undefined = there is none. @type {AbortController | undefined} */
let running

const client = makeClient(askUser)
client.subscribe(() => showLoad(client.getSnapshot().progress))
client
  .preload()
  .then(({ name }) => showNote(`${name} is on this device.`))
  .catch(({ message }) => showNote(`No model on this device: ${message}`))

onStop(() => running?.abort())
onSend(async (content) => {
  running = new AbortController()
  setBusy(true)
  showProblem('')
  addMessage('user').text.append(content)
  messages.push({ role: 'user', content })
  const { text, from } = addMessage('assistant')
  try {
    await answer(text, from, running.signal)
  } catch (error) {
    if (!isAbortError(error)) showProblem(error instanceof Error ? error.message : String(error))
  }
  // An answer that was stopped, or broke off, was given as far as it came.
  if (text.textContent) messages.push({ role: 'assistant', content: text.textContent })
  running = undefined
  setBusy(false)
})

/**
 * Shows an answer as it comes, and then where it came from.
 *
 * @param {HTMLElement} text
 * @param {HTMLElement} from
 * @param {AbortSignal} signal
 */
async function answer(text, from, signal) {
  for await (const event of client.stream({ messages, max_tokens: 256, temperature: 0, signal })) {
    if (event.type === 'delta') text.append(event.text)
    if (event.type === 'reset') text.replaceChildren() // it begins anew elsewhere
    if (event.type === 'done') from.append(whence(event.route))
  }
}

/** Where an answer came from, and why. @param {import('@edgewise/client').RouteRecord} route */
function whence({ source, reason, attempts }) {
  const where = source === 'browser' ? 'on this device' : 'on the server'
  if (attempts.at(-1)?.continued) return `on this device, went on at the server (${reason})`
  return attempts.length > 1 ? `${where}, after a failure (${reason})` : `${where} (${reason})`
}
