// Models that failed too often on this device: the policies leave them alone for a while. The page says so, and the user
// may know better.

import { ownModels } from './device.js'
import { byId, element } from './dom.js'
import { sayBroken } from './fault-line.js'
import { sayKilled } from './faults.js'

/** The policies' own default, `SnapshotLimits.maxFailures`. */
const MAX_FAILURES = 3

/**
 * Says how the models are, once an answer has ended and at the beginning: failures are remembered across visits.
 *
 * @param {import('@edgewise/client').HybridInferenceClient} client
 */
export async function showHealth(client) {
  const most = client.policy?.limits?.maxFailures || MAX_FAILURES
  const { models = {} } = await client.state()
  const failures = Math.max(0, ...ownModels(client).map(({ id }) => models[id]?.failures ?? 0))
  sayKilled(failures, most)
  if (failures < most) return sayBroken('model')
  const retry = element('button', { type: 'button', class: 'link' }, 'Try it again')
  retry.addEventListener('click', async () => {
    await client.forgetFailures()
    byId('prompt').focus({ preventScroll: true }) // the button goes, and the keyboard keeps its place
    sayBroken('model', 'The failures are forgotten: the next prompt may run here again.')
  })
  sayBroken('model', 'The model failed too often, so it is left alone for some minutes. ', retry)
}
