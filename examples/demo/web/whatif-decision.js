// The decision that a case leads to: the badge, the sentence, what would run, and the trace beside the one of here.

import { badgeText, setBadge } from './badge.js'
import { inWords } from './deciding.js'
import { byId, fill } from './dom.js'
import { traceView } from './trace.js'

/** @typedef {import('@edgewise/client/policy').PageDecision} PageDecision */

const badge = byId('case-badge')
const here = byId('case-here')
const sentence = byId('case-sentence')
const facts = byId('case-facts')
const trace = byId('case-trace')
const announcer = byId('case-announcer')

/**
 * @param {PageDecision} decision
 * @param {PageDecision} asHere
 */
export function showCase(decision, asHere) {
  const { modelInfo, alternates = [], fallback, preload } = decision
  showOutcome(badge, decision)
  showOutcome(here, asHere)
  sentence.textContent = inWords(decision)
  fill(facts, {
    model: modelInfo?.name ?? '–',
    alternates: alternates.map(({ name }) => name).join(', ') || '–',
    fallback: fallback ?? '–',
    preload: preload ? 'this model' : '–',
  })
  trace.replaceChildren(traceView(decision, asHere))
  announceSoon(`${badge.textContent}. ${sentence.textContent}`)
}

/**
 * @param {HTMLElement} badge
 * @param {PageDecision} decision
 */
function showOutcome(badge, { target, reason, undecidable }) {
  if (undecidable.length > 0) setBadge(badge, 'idle', 'the server is asked')
  else setBadge(badge, target === 'none' ? 'error' : 'done', badgeText(target, reason), { target, reason })
}

// A screen reader hears what a slider stands on. What came of it is said once it rests, if it is any different.
const REST_MS = 800
let heard = ''
let timer = 0

/** @param {string} text */
function announceSoon(text) {
  window.clearTimeout(timer)
  timer = window.setTimeout(() => {
    if (heard !== text) announcer.textContent = text
    heard = text
  }, REST_MS)
}

/** @param {{ microseconds: number, calls: number }} measured */
export function showTime({ microseconds, calls }) {
  fill(facts, { time: `${microseconds.toFixed(1)} µs, the mean of ${calls.toLocaleString('en')}` })
}
