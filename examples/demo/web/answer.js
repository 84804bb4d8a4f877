// The answer: its text tinted by where each token was made, the badge, the download bar and the figures.

import { setBadge } from './badge.js'
import { byId, element, fill } from './dom.js'
import { milliseconds, size, speed } from './format.js'

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
  heard = ''
  showLoad(undefined)
  showStats(undefined)
}

/**
 * @param {string} text
 * @param {'browser' | 'server'} source
 */
export function addText(text, source) {
  const atEnd = output.scrollHeight - output.scrollTop - output.clientHeight < 40
  output.append(element('span', { class: `token ${source}` }, text))
  if (atEnd) output.scrollTop = output.scrollHeight
  announceSoon()
}

/** @param {string} message */
export function addError(message) {
  output.append(element('p', { class: 'error' }, message))
  announceRest()
}

/** Drops the text so far: the answer begins again elsewhere. */
export function resetText() {
  output.replaceChildren()
  heard = ''
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
  })
}

// A screen reader that is told every token says nothing else. It hears what has come every few seconds, and the rest at
// the end.
const ANNOUNCE_EVERY_MS = 3000
let heard = ''
let timer = 0

function announceSoon() {
  timer ||= window.setTimeout(() => announceRest(), ANNOUNCE_EVERY_MS)
}

/** @param {string} [ending] said after the rest of the answer */
export function announceRest(ending = '') {
  window.clearTimeout(timer)
  timer = 0
  const text = output.textContent ?? ''
  announcer.textContent = `${text.startsWith(heard) ? text.slice(heard.length) : text} ${ending}`
  heard = text
}
