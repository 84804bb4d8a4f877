import { policy } from '../policy.ts'

/** Forbids the server to a request that asked to stay on the device. No options: a promise has no threshold. */
export const privacy = policy({}, ({ request }) =>
  request.privacy === 'local-only' ? { forbid: 'server', reason: 'local_only' } : {},
)
