import { count } from '../options.ts'
import { policy, presence } from '../policy.ts'
import { MAX_LEVEL_PERMILLE } from '../state.ts'

/** Prefers the server on a device that runs low and is not charging. A browser that does not tell is left alone. */
export const battery = policy(
  { minLevelPermille: count(200, MAX_LEVEL_PERMILLE) },
  ({ state: { battery } }, { minLevelPermille }) => {
    const { charging, levelPermille } = battery
    const low = charging === false && levelPermille < minLevelPermille
    const detail = { charging: presence(charging), levelPermille, minLevelPermille }
    return { ...(low && { prefer: 'server', reason: 'low_battery' }), detail }
  },
)
