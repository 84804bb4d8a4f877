// The demo's page: it asks Edgewise's client, and shows what the client says.

import { HybridInferenceClient, isAbortError, isEdgewiseError, isNoTargetError } from '@edgewise/client'
import { transformers } from '@edgewise/client/transformers'
import * as answer from './answer.js'
import { badgeText } from './badge.js'
import { showDevice, showModels } from './device.js'
import { byId } from './dom.js'
import { addToHistory } from './history.js'
import { clearReceipt, showReceipt } from './receipt.js'
import { followSavings } from './savings.js'
import { offerWhatIf } from './whatif.js'

const client = new HybridInferenceClient({
  baseURL: '/api/v1',
  engines: [
    transformers({
      workerURL: '/client/transformers-worker-module.js',
      moduleURL: '/engine/transformers.min.js',
      wasmPaths: { mjs: '/engine/ort-wasm-simd-threaded.mjs', wasm: '/engine/ort-wasm-simd-threaded.wasm' },
      modelBaseURL: '/models',
    }),
  ],
  onDecision: ({ target, reason }) => answer.showBadge('running', badgeText(target, reason), { target, reason }),
})

const status = byId('status')
const prompt = /** @type {HTMLTextAreaElement} */ (byId('prompt'))
const complexity = /** @type {HTMLSelectElement} */ (byId('complexity'))
const maxTokens = /** @type {HTMLInputElement} */ (byId('max-tokens'))
const stop = /** @type {HTMLButtonElement} */ (byId('stop'))
const starters = /** @type {HTMLButtonElement[]} */ ([byId('generate'), byId('force-browser'), byId('force-server')])

/** @type {AbortController | undefined} */
let running

/** Whether the answer that runs had to load the model. */
let loaded = false

/** Why the client could not begin; empty when it could. */
let problem = ''

/** What had the focus when the answer began. @type {Element | null} */
let origin = null

/** @param {'browser' | 'server' | undefined} force */
async function ask(force) {
  if (running) return
  const wish = asked()
  if (wish.text === '') return prompt.focus()
  maxTokens.value = String(wish.maxTokens)
  running = new AbortController()
  loaded = false
  setRunning(true)
  byId('output').scrollIntoView({ block: 'nearest' }) // on a phone it lies below the fold
  answer.clearAnswer()
  clearReceipt()
  answer.showBadge('running', 'deciding…')
  try {
    for await (const event of client.stream({
      messages: [{ role: 'user', content: wish.text }],
      max_tokens: wish.maxTokens,
      temperature: 0,
      complexity: wish.complexity,
      force,
      trace: true,
      signal: running.signal,
    })) {
      switch (event.type) {
        case 'delta':
          answer.addText(event.text, event.source)
          break
        case 'reset':
          answer.resetText()
          break
        case 'handover':
          answer.showBadge('running', `${event.from} failed, now the ${event.to}`, decided(event.to))
          break
        case 'done':
          finish(wish.text, event.route)
      }
    }
  } catch (error) {
    fail(error)
  } finally {
    running = undefined
    setRunning(false)
  }
}

/** What the fields ask, the number brought into its own range. */
function asked() {
  const wanted = Math.round(Number(maxTokens.value)) || Number(maxTokens.defaultValue)
  return {
    text: prompt.value.trim(),
    maxTokens: Math.min(Math.max(wanted, Number(maxTokens.min)), Number(maxTokens.max)),
    complexity: /** @type {import('@edgewise/client').Complexity} */ (complexity.value),
  }
}

/**
 * @param {string} text
 * @param {import('@edgewise/client').RouteRecord} route
 */
function finish(text, route) {
  const failed = route.attempts.find(({ outcome }) => outcome === 'failed')
  const why = failed ? `${failed.target} failed: ${failed.errorCode}` : route.reason
  answer.showBadge('done', badgeText(route.source, why), { target: route.source, reason: route.reason })
  answer.showStats(route)
  answer.announceRest(`Answered by the ${route.source}: ${why}.`)
  showReceipt(route)
  addToHistory(text, { route, loaded: loaded && route.source === 'browser' })
}

/** @param {unknown} error */
function fail(error) {
  if (isAbortError(error)) {
    answer.showBadge('idle', 'stopped', decided())
    answer.announceRest('Stopped.')
    return
  }
  const reason = isNoTargetError(error) ? error.reason : (isEdgewiseError(error) && error.code) || 'failed'
  answer.showBadge('error', `no answer · ${reason}`, { ...decided(), reason })
  answer.addError(error instanceof Error ? error.message : String(error))
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

function showStatus() {
  const now = client.getSnapshot()
  answer.showLoad(now.progress)
  if (now.phase === 'loading') loaded = true
  const texts = {
    idle: problem || 'Starting…',
    initializing: 'Looking at this device…',
    ready: 'Ready.',
    deciding: 'Deciding where to run…',
    loading:
      now.progress?.stage === 'download'
        ? 'Downloading the model: once, then it stays on this device.'
        : 'Loading the model.',
    generating: now.target === 'browser' ? 'Generating in this browser.' : 'Generating on the server.',
    disposed: 'Closed.',
  }
  // Screen readers speak this line whenever it is written, even if it says the same.
  if (status.textContent !== texts[now.phase]) status.textContent = texts[now.phase]
  showModels(client.models, client.capabilities?.engines ?? [], (id) => client.modelStatus(id)?.status)
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

offerWhatIf(client, asked)
followSavings()
client.subscribe(showStatus)
try {
  await client.initialize()
} catch (error) {
  problem = String(error)
}
showDevice(client.capabilities)
showStatus()
