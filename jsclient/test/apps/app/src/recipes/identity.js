// snippet:begin
import { HybridInferenceClient } from '@edgewise/client'

/** `session` is the app's own: who is signed in, and a token for the API. */
export function makeClient(session, options) {
  return new HybridInferenceClient({
    baseURL: '/api/v1',
    ...options,
    subject: () => session.user?.id, // asked before each decision
    headers: async ({ refresh }) => {
      const token = await session.token({ refresh }) // `refresh`: the last one was refused
      return token ? { authorization: `Bearer ${token}` } : {}
    },
  })
}
// snippet:end
