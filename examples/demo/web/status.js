// The line that says what the page is at, the download bar, and the models it knows.

import { showLoad } from './answer.js'
import { showModels } from './device.js'
import { byId } from './dom.js'

const line = byId('status')
const offer = /** @type {HTMLDialogElement} */ (byId('offer'))

/**
 * Shows the client's status, now and after each change.
 *
 * @param {import('@edgewise/client').HybridInferenceClient} client
 */
export function followStatus(client) {
  /** Why the client could not begin; empty when it could. */
  let problem = ''
  let loads = false

  const show = () => {
    const now = client.getSnapshot()
    if (now.phase === 'loading') loads = true
    showLoad(offer.open ? undefined : (now.progress ?? inBackground(client))) // nothing comes before the answer
    const texts = {
      idle: problem || 'Starting…',
      initializing: 'Looking at this device…',
      ready: offer.open ? 'A model is offered.' : 'Ready.',
      deciding: 'Deciding where to run…',
      loading:
        now.progress?.stage === 'download'
          ? 'Downloading the model: once, then it stays on this device.'
          : 'Loading the model.',
      generating: now.target === 'browser' ? 'Generating in this browser.' : 'Generating on the server.',
      disposed: 'Closed.',
    }
    const text = offer.matches(':modal') ? 'Waiting for your answer.' : texts[now.phase]
    // Screen readers speak this line whenever it is written, even if it says the same.
    if (line.textContent !== text) line.textContent = text
    showModels(client)
  }

  client.subscribe(show)
  new MutationObserver(show).observe(offer, { attributeFilter: ['open'] })
  return {
    show,
    /** @param {unknown} error */
    fail(error) {
      problem = String(error)
    },
    /** The function returned says whether a model was waited for meanwhile. */
    watchLoads() {
      loads = false
      return () => loads
    },
  }
}

/**
 * How far a load has come that nobody waits for.
 *
 * @param {import('@edgewise/client').HybridInferenceClient} client
 */
function inBackground(client) {
  return client.models.map(({ id }) => client.modelStatus(id)?.progress).find((progress) => progress !== undefined)
}
