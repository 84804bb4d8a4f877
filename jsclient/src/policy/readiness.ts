import type { PolicyFactory, PolicyInput } from './policy.ts'

/**
 * Prefers the server while the candidate would first have to be downloaded, or takes long to load; the decision still
 * names it for preloading. A page that does not say where its models are is left alone. Options: `wait` (let the user
 * wait instead, default false), `maxLoadMs` (longest load of a cached model, default 5,000; a load time that was never
 * measured counts as short).
 */
export const readiness: PolicyFactory = (options) => {
  const wait = options.flag('wait')
  const maxLoadMs = options.count('maxLoadMs', 5000)
  return {
    evaluate(input) {
      if (wait || !input.candidate) return undefined
      const slow = input.status === 'cached' && loadMs(input) > maxLoadMs
      return input.status === 'absent' || slow ? { prefer: 'server', reason: 'model_not_ready' } : undefined
    },
    explain: (input) => (input.candidate ? { maxLoadMs, loadMs: loadMs(input) } : { maxLoadMs }),
  }
}

function loadMs({ candidate, state }: PolicyInput): number {
  return (candidate && state.models.get(candidate.id)?.loadMs) ?? 0
}
