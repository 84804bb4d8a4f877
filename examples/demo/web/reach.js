// Whether the server can be reached: what came of the requests that are made anyway. While it can't, the page says so and
// asks now and then.

import { tabHeaders } from './faults.js'
import { showNotice } from './notices.js'

/** Between two questions while the server is out of reach, ms. */
const ASK_EVERY_MS = 5_000

const AWAY = 'The server is out of reach. The page works on: it decides by itself, and answers where a model is here.'

let timer = 0

/** Asks at once where the browser says that the network is back. */
export function followReach() {
  window.addEventListener('online', () => void ask())
}

/**
 * `fetch`, with an eye on whether anybody answers.
 *
 * @param {RequestInfo | URL} input
 * @param {RequestInit} [init]
 */
export async function watchedFetch(input, init) {
  try {
    const response = await fetch(input, init)
    reached()
    return response
  } catch (error) {
    if (!init?.signal?.aborted) lost()
    throw error
  }
}

function reached() {
  if (!timer) return
  window.clearInterval(timer)
  timer = 0
  showNotice('offline', '')
}

function lost() {
  timer ||= window.setInterval(() => {
    if (!document.hidden) void ask()
  }, ASK_EVERY_MS)
  showNotice('offline', AWAY)
}

async function ask() {
  if (!timer) return
  // What became of it has been seen.
  await watchedFetch('/api/v1/models', { headers: tabHeaders, cache: 'no-store' }).catch(() => {})
}
