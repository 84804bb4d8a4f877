// The user's standing switch: run prompts here when that is best, always, or never. The client remembers it.

import { byId } from './dom.js'

const group = byId('mode')
const choices = /** @type {HTMLInputElement[]} */ ([...group.querySelectorAll('input')])

/** @param {import('@edgewise/client').HybridInferenceClient} client */
export function offerMode(client) {
  for (const choice of choices) choice.checked = choice.value === client.mode
  group.addEventListener('change', () => {
    const chosen = choices.find(({ checked }) => checked)
    client.setMode(/** @type {import('@edgewise/client').UserMode} */ (chosen?.value ?? 'auto'))
  })
}
