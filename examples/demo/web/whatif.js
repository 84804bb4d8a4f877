// "What if": the decision of @edgewise/client/policy, made in this page for a device that it is not. Moving a control asks
// no server.

import { decide } from '@edgewise/client/policy'
import { byId } from './dom.js'
import { AS_HERE, caseOf } from './whatif-case.js'
import { enableControls, form, markChanged, readChoices, showHere, showSliders } from './whatif-controls.js'
import { showCase, showTime } from './whatif-decision.js'
import { heldSnapshot, refreshSnapshot } from './whatif-snapshot.js'
import { timed } from './whatif-timing.js'

const section = /** @type {HTMLDetailsElement} */ (byId('what-if'))
const source = byId('case-source')

/** How things are; undefined until the section was opened. @type {import('./whatif-case.js').Here | undefined} */
let here

/**
 * Makes the section work.
 *
 * @param {import('@edgewise/client').HybridInferenceClient} client
 * @param {() => import('./whatif-case.js').Asked} asked what Generate would ask now
 */
export function offerWhatIf(client, asked) {
  const look = async () => {
    const state = await client.state()
    here = { capabilities: client.capabilities ?? {}, state, asked: asked() }
    show()
  }
  section.addEventListener('toggle', async () => {
    if (!section.open) return
    await client.initialize()
    await showSource()
    await look()
  })
  byId('ask').addEventListener('input', () => {
    if (here) here = { ...here, asked: asked() }
    show()
  })
  // An answer may have loaded the model, or taught the page its speed.
  client.subscribe(() => {
    if (section.open && client.getSnapshot().phase === 'ready') void look()
  })
  for (const name of ['online', 'offline']) window.addEventListener(name, () => section.open && void look())
  form.addEventListener('input', show)
  form.addEventListener('submit', (event) => event.preventDefault()) // Enter on a slider
  byId('case-reset').addEventListener('click', () => {
    form.reset()
    show()
  })
}

/** Fetches the policies if need be, and tells of them, or of what is wrong. */
async function showSource() {
  let problem = ''
  try {
    await refreshSnapshot()
  } catch (error) {
    problem = `${error} `
  }
  const held = heldSnapshot()
  const from =
    held && `Decided in this page, by the policies of ${new Date(held.at).toLocaleTimeString()}. Nothing is sent.`
  source.textContent = `${problem}${from ?? ''}`
  source.classList.toggle('error', problem !== '')
}

/** Decides, on what is here and on the case, and shows both. */
function show() {
  const snapshot = heldSnapshot()?.snapshot
  if (!section.open || !snapshot || !here) return
  enableControls()
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
