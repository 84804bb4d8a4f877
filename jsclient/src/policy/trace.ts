import type { TraceStep } from '../wire.ts'
import { FILTERS, reasonOf } from './filter.ts'
import type { Verdict } from './policy.ts'

/** How many models each filter left, as `ModelIndex.remaining` counts them. */
export function traceFilters(left: readonly number[]): TraceStep[] {
  return FILTERS.map((by, i) => {
    const remaining = left[i + 1] ?? 0
    const emptied = remaining === 0 && (left[i] ?? 0) > 0
    return { step: 'filter', by, remaining, ...(emptied && { said: reasonOf(by), target: 'browser' }) }
  })
}

/** What one policy said. */
export function traceVerdict(by: string, verdict: Verdict | undefined, detail?: Record<string, number>): TraceStep {
  const numbers = detail && { detail }
  if (verdict?.forbid) return { step: 'forbid', by, said: verdict.reason, target: verdict.forbid, ...numbers }
  if (verdict?.prefer) return { step: 'prefer', by, said: verdict.reason, target: verdict.prefer, ...numbers }
  return { step: 'abstain', by, ...numbers }
}
