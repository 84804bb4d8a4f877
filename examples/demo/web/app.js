// The demo's page: it makes Edgewise's client, asks it, and shows what the client says.

import {
  HybridInferenceClient,
  isAbortError,
  isEdgewiseError,
  isNoTargetError,
  isStreamInterruptedError,
} from '@edgewise/client'
import { transformers } from '@edgewise/client/transformers'
import * as answer from './answer.js'
import { followAnswer } from './answer-stream.js'
import { asked, prompt } from './asked.js'
import { badgeText } from './badge.js'
import { offerDebug } from './debug.js'
import { showDevice } from './device.js'
import { byId } from './dom.js'
import { offerFaults, serverFailed, startWorker, tabHeaders } from './faults.js'
import { showHealth } from './health.js'
import { addToHistory } from './history.js'
import { offerMode } from './mode.js'
import { offerDownload } from './offer.js'
import { followReach, watchedFetch } from './reach.js'
import { clearReceipt, showReceipt } from './receipt.js'
import { followSavings } from './savings.js'
import { followShell } from './shell.js'
import { followStatus } from './status.js'
import { followStored } from './stored.js'
import { offerWhatIf } from './whatif.js'

const client = new HybridInferenceClient({
  baseURL: '/api/v1',
  headers: tabHeaders,
  fetch: watchedFetch,
  engines: [
    transformers({
      worker: startWorker,
      moduleURL: '/engine/transformers.min.js',
      wasmPaths: { mjs: '/engine/ort-wasm-simd-threaded.mjs', wasm: '/engine/ort-wasm-simd-threaded.wasm' },
      modelBaseURL: '/models',
    }),
  ],
  onDecision: ({ target, reason }) => answer.showBadge('running', badgeText(target, reason), { target, reason }),
  onOffer: offerDownload,
})

const stop = /** @type {HTMLButtonElement} */ (byId('stop'))
const starters = /** @type {HTMLButtonElement[]} */ ([byId('generate'), byId('force-browser'), byId('force-server')])

/** @type {AbortController | undefined} */
let running

/** What had the focus when the answer began. @type {Element | null} */
let origin = null

/** @typedef {ReturnType<typeof asked>} Wish */
/** @typedef {import('@edgewise/client').RoutedStream<import('@edgewise/client').StreamEvent>} Events */
/** @typedef {import('@edgewise/client').StreamInterruptedError} Interrupted */

/** @param {'browser' | 'server' | undefined} force */
function ask(force) {
  const wish = asked()
  if (running) return
  if (wish.text === '') return prompt.focus()
  answer.clearAnswer()
  clearReceipt()
  void run(wish, (signal) =>
    client.stream({
      messages: [{ role: 'user', content: wish.text }],
      max_tokens: wish.maxTokens,
      temperature: 0,
      complexity: wish.complexity,
      privacy: wish.privacy,
      force,
      trace: true,
      signal,
    }),
  )
}

/**
 * Shows an answer, or the rest of one.
 *
 * @param {Wish} wish
 * @param {(signal: AbortSignal) => Events} begin
 * @param {Interrupted} [before] what this is the rest of
 */
async function run(wish, begin, before) {
  running = new AbortController()
  answer.showBadge('running', 'deciding…')
  setRunning(true)
  byId('output').scrollIntoView({ block: 'nearest' }) // on a phone it lies below the fold
  const loads = status.watchLoads()
  try {
    const route = await followAnswer(begin(running.signal), decided)
    finish(wish, route, { loaded: loads(), resumed: before !== undefined })
  } catch (error) {
    fail(wish, error, before)
  } finally {
    running = undefined
    setRunning(false)
  }
  await showHealth(client)
}

/**
 * @param {Wish} wish
 * @param {import('@edgewise/client').RouteRecord} route
 * @param {{ loaded: boolean, resumed: boolean }} how whether its time includes loading the model, and whether it is the
 *   rest of an answer that broke off
 */
function finish(wish, route, { loaded, resumed }) {
  const failed = route.attempts.find(({ outcome }) => outcome === 'failed')
  const handedOver = failed && `${failed.target} failed: ${failed.errorCode}`
  const why = resumed ? 'resumed' : (handedOver ?? route.reason)
  answer.showBadge('done', badgeText(route.source, why), { target: route.source, reason: route.reason })
  answer.showStats(route)
  answer.announceRest(`Answered by the ${route.source}: ${why}.`)
  showReceipt(route, wish.privacy)
  addToHistory(wish.text, { route, loaded: loaded && route.source === 'browser' })
}

/**
 * @param {Wish} wish
 * @param {unknown} error
 * @param {Interrupted} [before]
 */
function fail(wish, error, before) {
  if (isAbortError(error)) {
    answer.showBadge('idle', 'stopped', decided())
    answer.announceRest('Stopped.')
    return
  }
  const reason = isNoTargetError(error) ? error.reason : (isEdgewiseError(error) && error.code) || 'failed'
  const interrupted = isStreamInterruptedError(error)
  answer.showBadge('error', interrupted ? 'incomplete' : `no answer · ${reason}`, { ...decided(), reason })
  if (!interrupted) return answer.addError(error instanceof Error ? error.message : String(error))
  if (error.attempts.some(({ target }) => target === 'server')) serverFailed()
  answer.addError(brokenOff(wish, error, before))
  const { resume } = error
  if (resume) answer.addRest(() => void run(wish, (signal) => resume({ signal }), error))
}

/**
 * @param {Wish} wish
 * @param {Interrupted} error
 * @param {Interrupted} [before]
 */
function brokenOff({ privacy }, { attempts, partialText }, before) {
  if (partialText === before?.partialText) return 'The rest is not to be had yet. Try again in a moment.'
  if (attempts.at(-1)?.target !== 'browser') return 'The answer broke off here.'
  return `The engine stopped here.${privacy ? ' Local only: the server was not asked.' : ''}`
}

/**
 * What the badge says of the decision.
 *
 * @param {string} [target] another one than the badge's
 */
function decided(target) {
  const { dataset } = byId('badge')
  return { target: target ?? dataset.target ?? '', reason: dataset.reason ?? '' }
}

/** @param {boolean} on */
function setRunning(on) {
  // A button that is disabled loses the focus, and the keyboard its place: Stop takes it, and gives it back.
  if (on) origin = document.activeElement
  const moves = starters.some((button) => button === origin)
  if (on) stop.disabled = false
  if (on && moves) stop.focus({ preventScroll: true })
  for (const button of starters) button.disabled = on
  if (on) return
  if (document.activeElement === stop && origin instanceof HTMLElement) origin.focus({ preventScroll: true })
  stop.disabled = true
}

for (const chip of byId('chips').children) {
  chip.addEventListener('click', () => {
    prompt.value = chip.textContent ?? ''
    prompt.dispatchEvent(new Event('input', { bubbles: true }))
    prompt.focus()
  })
}

byId('generate').addEventListener('click', () => ask(undefined))
byId('force-browser').addEventListener('click', () => ask('browser'))
byId('force-server').addEventListener('click', () => ask('server'))
stop.addEventListener('click', () => running?.abort())
prompt.addEventListener('keydown', (event) => {
  if (event.key === 'Enter' && (event.ctrlKey || event.metaKey)) ask(undefined)
})
document.addEventListener('keydown', (event) => {
  if (event.key === 'Escape') running?.abort()
})

offerMode(client)
offerFaults()
offerDebug(client)
followReach()
offerWhatIf(client, asked)
followSavings()
followStored(client)
void followShell()
const status = followStatus(client)
try {
  await client.initialize()
} catch (error) {
  status.fail(error)
}
showDevice(client.capabilities)
status.show()
void showHealth(client)
