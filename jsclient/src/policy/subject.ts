import { MAX_PRICE } from './prices.ts'
import { insist, isCount, isObject, isText } from './validate.ts'

/** Checks the server's facts about the asking identity. Throws a plain Error that names what makes no sense. */
export function checkSubject(subject: unknown): void {
  if (!isObject(subject)) throw new Error('subject is missing')
  const { tier, rolloutBucket, budget, prices, server } = subject
  insist('subject', {
    tier: isText(tier ?? ''),
    rolloutBucket: isCount(rolloutBucket),
    budget: budget == null || isBalance(budget),
    prices: prices == null || isPrices(prices),
    server: isObject(server),
  })
}

/** What is left may be less than nothing. */
function isBalance(budget: unknown): boolean {
  if (!isObject(budget)) return false
  return Number.isSafeInteger(budget.remainingMicroUSD) && typeof (budget.hard ?? false) === 'boolean'
}

function isPrices(prices: unknown): boolean {
  if (!isObject(prices)) return false
  const { promptMicroUSDPerMTok, completionMicroUSDPerMTok, egressMicroUSDPerGB } = prices
  const all = [promptMicroUSDPerMTok, completionMicroUSDPerMTok, egressMicroUSDPerGB]
  return all.every((price) => isCount(price) && price <= MAX_PRICE)
}
