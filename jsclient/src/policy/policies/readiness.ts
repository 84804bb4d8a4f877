import { count, flag } from '../options.ts'
import { policy } from '../policy.ts'

const DEFAULT_MAX_LOAD_MS = 5000

/**
 * Prefers the server while the candidate would first have to be downloaded, or takes long to load; the decision still
 * names it for preloading. With `wait` the user waits instead. A page that does not say where its models are is left
 * alone, and a load time that was never measured counts as short.
 */
export const readiness = policy(
  { wait: flag, maxLoadMs: count(DEFAULT_MAX_LOAD_MS) },
  ({ selection: { state } }, { wait, maxLoadMs }) => {
    const { status, loadMs } = state
    const late = status === 'absent' || (status === 'cached' && loadMs > maxLoadMs)
    return { ...(late && !wait && { prefer: 'server', reason: 'model_not_ready' }), detail: { maxLoadMs, loadMs } }
  },
)
