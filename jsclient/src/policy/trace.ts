import type { TraceStep } from '../wire.ts'
import { FILTERS, type Query, reasonOf } from './filter.ts'
import type { IndexedModel } from './model.ts'
import { passed } from './model-index.ts'
import type { Verdict } from './policy.ts'

/** How many models each filter left. */
export function traceFilters(index: readonly IndexedModel[], query: Query): TraceStep[] {
  const counts = passed(index, query)
  return FILTERS.map((by, i) => {
    const remaining = counts.filter((count) => count > i).length
    const emptied = remaining === 0 && counts.includes(i)
    return { step: 'filter', by, remaining, ...(emptied && { said: reasonOf(by), target: 'browser' }) }
  })
}

/** What one policy, or the candidate choice, said. */
export function traceVerdict(by: string, { forbid, prefer, reason, detail }: Verdict): TraceStep {
  const target = forbid ?? prefer
  const step = forbid ? 'forbid' : prefer ? 'prefer' : 'abstain'
  return { step, by, ...(target && reason && { said: reason, target }), ...(detail && { detail }) }
}
