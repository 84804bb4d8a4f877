import type { PolicyFactory } from './policy.ts'

/** Share of identities, in hundredths of a percent, that means everyone. */
const FULL_ROLLOUT = 10_000

/**
 * The operator's switch: forbids the browser for everyone, or outside a gradual rollout. An identity keeps its bucket,
 * so raising the share only adds users. Options: `disabled`, `rolloutBasisPoints` (1..10,000, default 10,000).
 */
export const enabled: PolicyFactory = (options) => {
  const disabled = options.flag('disabled')
  const rolloutBasisPoints = options.count('rolloutBasisPoints', FULL_ROLLOUT, FULL_ROLLOUT)
  return {
    evaluate({ subject }) {
      if (!disabled && subject.rolloutBucket < rolloutBasisPoints) return undefined
      return { forbid: 'browser', reason: 'browser_inference_disabled' }
    },
    explain: ({ subject }) => ({ rolloutBucket: subject.rolloutBucket, rolloutBasisPoints }),
  }
}
