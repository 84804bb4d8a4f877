// What answering in browsers saved: the server's account of it, asked for anew whenever there may be more in it.

import { watchedFetch } from './reach.js'
import { showFailure, showSavings } from './savings-view.js'

const SAVINGS = '/api/v1/browser/savings?scope=all'

/** Requests that the server has counted by the time they are over: an answer of its own, or the report of one here. */
const COUNTED = /\/(chat\/completions|browser\/analytics)$/

let asking = false
let again = false

/** Shows the account, and keeps it up to date. */
export function followSavings() {
  new PerformanceObserver((list) => {
    if (list.getEntries().some(({ name }) => COUNTED.test(name))) void refresh()
  }).observe({ type: 'resource' })
  // Others may have asked while this page was out of sight.
  document.addEventListener('visibilitychange', () => {
    if (!document.hidden) void refresh()
  })
  void refresh()
}

/** Asks once, however often it is called meanwhile, and then once more. */
async function refresh() {
  again = true
  if (asking) return
  asking = true
  while (again) {
    again = false
    try {
      showSavings(await fetchSavings())
    } catch (error) {
      showFailure(error instanceof Error ? error.message : String(error))
    }
  }
  asking = false
}

/** @returns {Promise<import('@edgewise/client').Savings>} */
async function fetchSavings() {
  const response = await watchedFetch(SAVINGS)
  const body = await response.json().catch(() => ({}))
  if (!response.ok) throw new Error(body.error?.message ?? `the server answers with ${response.status}`)
  return body
}
