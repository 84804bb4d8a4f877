// The account in words, as a bar, and model by model. Everything is written anew each time: nothing of it moves.

import { byId, element, fill } from './dom.js'
import { count, money } from './format.js'

/** @typedef {import('@edgewise/client').Tally} Tally */

const sentence = byId('savings-sentence')
const share = byId('savings-share')
const sides = byId('savings-sides')
const models = byId('savings-models')
const status = byId('savings-status')

/** @type {Tally} */
const NOTHING = {
  requests: 0,
  failures: 0,
  promptTokens: 0,
  completionTokens: 0,
  costMicroUSD: 0,
  avoidedMicroUSD: 0,
  suspect: 0,
}

/** @type {('browser' | 'server')[]} */
const SIDES = ['browser', 'server']

/** @param {import('@edgewise/client').Savings} savings */
export function showSavings({ total, bySource, byModel }) {
  const { browser = NOTHING, server = NOTHING } = bySource
  sentence.replaceChildren(...inWords(total, browser))
  share.style.setProperty('--browser-share', String(tokens(total) > 0 ? tokens(browser) / tokens(total) : 0))
  share.toggleAttribute('data-empty', tokens(total) === 0)
  fill(sides, {
    'browser-answers': answered(browser),
    'browser-tokens': `${count(tokens(browser))} tokens`,
    'browser-money': `${money(browser.avoidedMicroUSD)} avoided`,
    'server-answers': answered(server),
    'server-tokens': `${count(tokens(server))} tokens`,
    'server-money': `${money(server.costMicroUSD)} spent`,
  })
  const rows = Object.entries(byModel)
    .flatMap(([model, own]) => SIDES.map((side) => ({ model, side, tally: own[side] ?? NOTHING })))
    .filter(({ tally }) => tally.requests > 0)
    .sort((a, b) => tokens(b.tally) - tokens(a.tally))
  models.replaceChildren(
    ...(rows.length > 0 ? rows.map(row) : [element('tr', { class: 'empty' }, cell('Nothing yet.', { colspan: '7' }))]),
  )
  say(leftOut(total))
}

/**
 * What was shown before stays.
 *
 * @param {string} why
 */
export function showFailure(why) {
  if (!models.hasChildNodes()) sentence.textContent = 'What was saved is not known.'
  say(`The account can't be read now: ${why}.`, true)
}

/**
 * @param {Tally} total
 * @param {Tally} browser
 */
function inWords(total, browser) {
  if (answers(total) === 0) return ['No answer yet. The first one opens the account.']
  if (answers(browser) === 0) return ['No answer came from a browser yet: the server made them all.']
  return [
    strong(count(answers(browser))),
    ` of ${answered(total)} came from browsers, which kept `,
    strong(`${count(tokens(browser))} tokens`),
    ' and ',
    strong(money(browser.avoidedMicroUSD)),
    ' off the server.',
  ]
}

/** @param {Tally} total */
function leftOut({ suspect }) {
  if (suspect === 0) return ''
  return `Left out: ${count(suspect)} ${suspect === 1 ? 'report' : 'reports'} that can't be true.`
}

/** @param {{ model: string, side: 'browser' | 'server', tally: Tally }} row */
function row({ model, side, tally }) {
  const figures = [answers(tally), tally.failures, tokens(tally)].map(count)
  const prices = side === 'browser' ? ['–', money(tally.avoidedMicroUSD)] : [money(tally.costMicroUSD), '–']
  return element(
    'tr',
    {},
    cell(model, { class: 'prompt', title: model }),
    cell(side, { class: `source-${side}` }),
    ...[...figures, ...prices].map((text) => cell(text, { class: 'number' })),
  )
}

/** @param {Tally} tally */
function answered(tally) {
  return `${count(answers(tally))} ${answers(tally) === 1 ? 'answer' : 'answers'}`
}

/** @param {Tally} tally */
function answers({ requests, failures }) {
  return requests - failures
}

/** @param {Tally} tally */
function tokens({ promptTokens, completionTokens }) {
  return promptTokens + completionTokens
}

/** @param {string} text */
function strong(text) {
  return element('b', {}, text)
}

/**
 * @param {string} text
 * @param {Record<string, string>} attributes
 */
function cell(text, attributes) {
  return element('td', attributes, text)
}

/**
 * @param {string} text
 * @param {boolean} [failed]
 */
function say(text, failed = false) {
  // Screen readers speak this line whenever it is written, even if it says the same.
  if (status.textContent !== text) status.textContent = text
  status.classList.toggle('error', failed)
}
