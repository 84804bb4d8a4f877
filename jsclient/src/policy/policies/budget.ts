import { count, flag } from '../options.ts'
import { policy } from '../policy.ts'

/**
 * Acts once an identity's budget for the server has no more left than the reserve: prefers the browser, or forbids the
 * server where the budget is hard. An identity without a budget is left alone.
 */
export const budget = policy(
  { reserveMicroUSD: count(0), hard: flag },
  ({ subject: { budget: balance } }, { reserveMicroUSD, hard }) => {
    if (!balance) return { detail: { reserveMicroUSD } }
    const { remainingMicroUSD } = balance
    const detail = { reserveMicroUSD, remainingMicroUSD }
    if (remainingMicroUSD > reserveMicroUSD) return { detail }
    const reason = 'budget_exhausted'
    return hard || balance.hard ? { forbid: 'server', reason, detail } : { prefer: 'browser', reason, detail }
  },
)
