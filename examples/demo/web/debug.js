// What to put into a report of a bug: the client's own account of this device and its last decisions, without any text.

import { byId } from './dom.js'

const button = byId('copy-debug')
const status = byId('debug-status')

/** @param {import('@edgewise/client').HybridInferenceClient} client */
export function offerDebug(client) {
  button.addEventListener('click', async () => {
    try {
      await navigator.clipboard.writeText(JSON.stringify(await client.debug(), undefined, 2))
      status.textContent = 'Copied: no text of yours is in it.'
    } catch (error) {
      status.textContent = `It could not be copied: ${error instanceof Error ? error.message : error}`
    }
  })
}
