// The answer: its text tinted by where each token was made, the badge, the download bar and the figures.

import { setBadge } from './badge.js'
import { byId, element, fill } from './dom.js'
import { count, milliseconds, size, speed } from './format.js'

const badge = byId('badge')
const output = byId('output')
const progress = /** @type {HTMLProgressElement} */ (byId('progress'))
const progressText = byId('progress-text')
const stats = byId('stats')
const announcer = byId('announcer')

/**
 * @param {import('./badge.js').BadgeState} state
 * @param {string} text
 * @param {{ target?: string, reason?: string }} [decision]
 */
export function showBadge(state, text, decision) {
  setBadge(badge, state, text, decision)
}

export function clearAnswer() {
  output.replaceChildren()
  unheard = ''
  showLoad(undefined)
  showStats(undefined)
}

/**
 * @param {string} text
 * @param {'browser' | 'server'} source
 */
export function addText(text, source) {
  append(element('span', { class: `token ${source}` }, text))
  unheard += text
  announceSoon()
}

/**
 * Marks the place where another side goes on with the text so far.
 *
 * @param {string} from
 * @param {string} to
 */
export function addJoin(from, to) {
  const words = `(the ${from} failed, the ${to} goes on)`
  const arrow = element('span', { 'aria-hidden': 'true' }, `→ ${to}`)
  append(
    element('span', { class: `join ${to}`, title: words }, element('span', { class: 'visually-hidden' }, words), arrow),
  )
  unheard += ` ${words} `
}

/**
 * Strikes the text so far: the answer begins again elsewhere.
 *
 * @param {string} from
 * @param {string} to
 */
export function beginAgain(from, to) {
  const text = [...output.querySelectorAll('.token')].map((token) => token.textContent).join('')
  output.replaceChildren()
  if (text === '') return
  const words = from ? `The ${from} broke off, so the ${to} begins again.` : 'The answer begins again.'
  append(element('p', { class: 'restart note' }, `${words} `, element('del', {}, text)))
  unheard = ` ${words} `
}

/** @param {string} message */
export function addError(message) {
  append(element('p', { class: 'error' }, message))
  announceRest(message)
}

/**
 * Offers to go on with an answer that broke off.
 *
 * @param {() => void} onWanted
 */
export function addRest(onWanted) {
  const button = element('button', { type: 'button', class: 'rest' }, 'Get the rest')
  button.addEventListener('click', () => {
    output.focus({ preventScroll: true }) // the button goes, and the keyboard keeps its place
    button.previousElementSibling?.remove()
    button.remove()
    onWanted()
  })
  append(button)
}

/** Adds to the text, and keeps its end in sight of who reads there. @param {HTMLElement} part */
function append(part) {
  const atEnd = output.scrollHeight - output.scrollTop - output.clientHeight < 40
  output.append(part)
  if (atEnd) output.scrollTop = output.scrollHeight
}

/** @param {import('@edgewise/client').LoadProgress | undefined} load the one under way, if one is */
export function showLoad(load) {
  progress.toggleAttribute('data-active', load !== undefined)
  progress.value = load?.progress ?? 0
  progressText.textContent = load ? loadText(load) : ''
}

/** @param {import('@edgewise/client').LoadProgress} load */
function loadText({ stage, progress, loadedBytes, totalBytes }) {
  if (stage === 'download' && totalBytes) return `${size(loadedBytes)} of ${size(totalBytes)}`
  return `${Math.floor(progress * 100)} %`
}

/** @param {import('@edgewise/client').RouteRecord | undefined} route */
export function showStats(route) {
  fill(stats, {
    source: route?.source ?? '–',
    tokens: route ? `${route.promptTokens} + ${route.completionTokens}` : '–',
    ttft: milliseconds(route?.ttftMs),
    speed: route ? `${speed(route.tokensPerSecond)} tok/s` : '–',
    latency: milliseconds(route?.latencyMs),
    sent: route ? `${count(route.promptBytesSent)} B` : '–',
  })
}

// A screen reader that is told every token says nothing else. It hears what has come every few seconds, and the rest at
// the end.
const ANNOUNCE_EVERY_MS = 3000
let unheard = ''
let timer = 0

function announceSoon() {
  timer ||= window.setTimeout(() => announceRest(), ANNOUNCE_EVERY_MS)
}

/** @param {string} [ending] said after the rest of the answer */
export function announceRest(ending = '') {
  window.clearTimeout(timer)
  timer = 0
  announcer.textContent = `${unheard} ${ending}`
  unheard = ''
}
