import { policy } from '../policy.ts'

/**
 * Steers around a side that can't answer: forbids the server to a page without a connection, and prefers the browser
 * while no backend takes requests. A model's failures are the candidate choice's business.
 */
export const health = policy({}, ({ state, subject }) => {
  if (state.network.offline) return { forbid: 'server', reason: 'offline' }
  return subject.server.unavailable ? { prefer: 'browser', reason: 'server_unavailable' } : {}
})
