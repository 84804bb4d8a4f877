import { count, flag } from '../options.ts'
import { policy } from '../policy.ts'

/** Share of identities, in hundredths of a percent, that means everyone. */
const FULL_ROLLOUT = 10_000

/**
 * The operator's switch: forbids the browser for everyone, or outside a gradual rollout. An identity keeps its bucket,
 * so raising the share only adds users.
 */
export const enabled = policy(
  { disabled: flag, rolloutBasisPoints: count(FULL_ROLLOUT, FULL_ROLLOUT) },
  ({ subject: { rolloutBucket } }, { disabled, rolloutBasisPoints }) => {
    const off = disabled || rolloutBucket >= rolloutBasisPoints
    const detail = { rolloutBucket, rolloutBasisPoints }
    return { ...(off && { forbid: 'browser', reason: 'browser_inference_disabled' }), detail }
  },
)
