import { count } from '../options.ts'
import { policy, presence } from '../policy.ts'
import { MAX_LEVEL_PERMILLE } from '../state.ts'

/** Thousandths of a full battery. */
export const DEFAULT_MIN_LEVEL_PERMILLE = 200

/** Prefers the server on a device that runs low and is not charging. A browser that does not tell is left alone. */
export const battery = policy(
  { minLevelPermille: count(DEFAULT_MIN_LEVEL_PERMILLE, MAX_LEVEL_PERMILLE) },
  ({ state: { battery } }, { minLevelPermille }) => {
    const { charging, levelPermille } = battery
    const low = charging === false && levelPermille < minLevelPermille
    const detail = { charging: presence(charging), levelPermille, minLevelPermille }
    return { ...(low && { prefer: 'server', reason: 'low_battery' }), detail }
  },
)
