// "What if": the decision of @edgewise/client/policy, made in this page for a device that it is not, by the policies that
// the client holds. It asks no server.

import { decide } from '@edgewise/client/policy'
import { byId } from './dom.js'
import { AS_HERE, caseOf } from './whatif-case.js'
import { enableControls, form, markChanged, readChoices, showHere, showSliders } from './whatif-controls.js'
import { showCase, showTime } from './whatif-decision.js'
import { timed } from './whatif-timing.js'

const section = /** @type {HTMLDetailsElement} */ (byId('what-if'))
const source = byId('case-source')

/** How things are, and the policies; undefined until they are there. @type {Known | undefined} */
let known

/** @typedef {{ here: import('./whatif-case.js').Here, snapshot: import('@edgewise/client').Snapshot }} Known */

/**
 * Makes the section work.
 *
 * @param {import('@edgewise/client').HybridInferenceClient} client
 * @param {() => import('./whatif-case.js').Asked} asked what Generate would ask now
 */
export function offerWhatIf(client, asked) {
  const look = async () => {
    if (!section.open || client.getSnapshot().phase === 'initializing') return
    const state = await client.state()
    const { policy: snapshot, capabilities = {} } = client
    known = snapshot && { snapshot, here: { capabilities, state, asked: asked() } }
    enableControls(snapshot !== undefined)
    showSource(snapshot)
    show()
  }
  section.addEventListener('toggle', look)
  for (const name of ['online', 'offline']) window.addEventListener(name, look)
  // An answer may have loaded the model, taught the page its speed, or brought other policies.
  client.subscribe(() => {
    if (client.getSnapshot().active === 0) void look()
  })
  byId('mode').addEventListener('change', look)
  byId('ask').addEventListener('input', () => {
    if (known) known.here.asked = asked()
    show()
  })
  form.addEventListener('input', show)
  form.addEventListener('submit', (event) => event.preventDefault()) // Enter on a slider
  byId('case-reset').addEventListener('click', () => {
    form.reset()
    show()
  })
}

/** @param {import('@edgewise/client').Snapshot | undefined} snapshot */
function showSource(snapshot) {
  const text = snapshot
    ? `Decided in this page, by its policies of revision ${snapshot.revision}. Nothing is sent.`
    : 'There are no policies to decide by: the server gave none. The next prompt asks for them again.'
  // Screen readers speak this line whenever it is written, even if it says the same.
  if (source.textContent !== text) source.textContent = text
  source.classList.toggle('error', !snapshot)
}

/** Decides, on what is here and on the case, and shows both. */
function show() {
  if (!section.open || !known) return
  const { here, snapshot } = known
  showHere(here)
  const choices = readChoices()
  const asHere = caseOf(here, AS_HERE, snapshot.models)
  const { state, request } = caseOf(here, choices, snapshot.models)
  markChanged(choices)
  showSliders(request.promptLength)
  showCase(
    decide(snapshot, state, request, { trace: true }),
    decide(snapshot, asHere.state, asHere.request, { trace: true }),
  )
  showTime(timed(() => decide(snapshot, state, request)))
}
