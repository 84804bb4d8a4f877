import { byName, type Reader } from '../options.ts'
import { policy, type Verdict } from '../policy.ts'

/** What each rule says; the empty one says nothing. */
const RULES: ReadonlyMap<unknown, Verdict> = new Map<unknown, Verdict>([
  ['', {}],
  ['browser-only', { forbid: 'server', reason: 'tier_browser_only' }],
  ['server-only', { forbid: 'browser', reason: 'tier_server_only' }],
  ['prefer-browser', { prefer: 'browser', reason: 'tier_prefers_browser' }],
  ['prefer-server', { prefer: 'server', reason: 'tier_prefers_server' }],
])

const rule: Reader<Verdict> = (word = '') => RULES.get(word)

/**
 * Gives each tier of identities its place. The tier comes from the app's authentication and is none of the page's
 * business; a device's tier is another thing.
 */
export const tier = policy(
  { rules: byName(rule), otherwise: rule },
  ({ subject }, { rules, otherwise }) => rules.get(subject.tier ?? '') ?? otherwise,
)
