import { policy } from '../policy.ts'

/**
 * Follows the user's own switch: "never" forbids the browser, "always" prefers it. Neither is a matter of privacy:
 * "always" may still fall back to the server. A request's preference wins over the standing mode.
 */
export const preference = policy({}, ({ request: { preference: wish }, state }) => {
  const mode = wish && wish !== 'auto' ? wish : state.mode
  if (mode === 'never') return { forbid: 'browser', reason: 'user_disabled_browser' }
  return mode === 'always' ? { prefer: 'browser', reason: 'user_prefers_browser' } : {}
})
