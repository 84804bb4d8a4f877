// The numbers of a trace's line as people read them: { levelPermille: 190, minLevelPermille: 200 } is "level 19 % (≥ 20 %)".

import { gigabytes, milliseconds } from './format.js'

/** How a number reads, by the unit at the end of its name. A measurement of 0 is one that nobody made. */
const UNITS = /** @type {const} */ ([
  ['Permille', (/** @type {number} */ n) => `${n / 10} %`],
  ['MiB', (/** @type {number} */ n) => gigabytes(n ? n / 1024 : undefined)],
  ['Ms', (/** @type {number} */ n) => milliseconds(n || undefined)],
  ['MicroUSD', (/** @type {number} */ n) => dollars.format(n / 1e6)],
  ['Milli', (/** @type {number} */ n) => (n ? (n / 1000).toFixed(1) : '–')],
])

const whole = new Intl.NumberFormat('en')
const dollars = new Intl.NumberFormat('en', {
  style: 'currency',
  currency: 'USD',
  minimumFractionDigits: 0,
  maximumFractionDigits: 6,
})

/** What a device has, does not have, or does not tell of: 1, 0 and -1. */
const PRESENCES = new Map([
  ['webGPU', 'WebGPU'],
  ['webGL2', 'WebGL2'],
  ['charging', 'charging'],
])

/**
 * One number with its bound, if it has one.
 *
 * @typedef {object} Part
 * @property {string} text
 * @property {boolean} changed it differs from what it is compared with
 */

/**
 * @param {Readonly<Record<string, number>>} [detail]
 * @param {Readonly<Record<string, number>>} [other] the same line's of another trace
 * @returns {Part[]}
 */
export function detailParts(detail = {}, other = detail) {
  const bounds = new Set(Object.keys(detail).flatMap((name) => boundsOf(name).filter((bound) => bound in detail)))
  return Object.entries(detail)
    .filter(([name]) => !bounds.has(name))
    .map(([name, value]) => {
      const [bound] = boundsOf(name).filter((bound) => bound in detail)
      const limit = bound === undefined ? '' : ` (${limitText(bound, detail[bound] ?? 0)})`
      return { text: `${numberText(name, value)}${limit}`, changed: other[name] !== value }
    })
}

/** The names that a number's bounds would have. @param {string} name */
function boundsOf(name) {
  const capital = `${name[0]?.toUpperCase()}${name.slice(1)}`
  return [`max${capital}`, `min${capital}`]
}

/**
 * @param {string} name
 * @param {number} value
 */
function numberText(name, value) {
  const presence = PRESENCES.get(name)
  if (presence) return `${presence} ${value < 0 ? 'unknown' : value > 0 ? 'yes' : 'no'}`
  const { words, text } = read(name, value)
  const [first = '', ...rest] = words
  // A bound without a number that it bounds.
  if (first === 'max' || first === 'min') return `${rest.join(' ')} ${limitText(name, value)}`
  return `${words.join(' ')} ${text}`
}

/**
 * @param {string} name
 * @param {number} value
 */
function limitText(name, value) {
  return `${name.startsWith('max') ? '≤' : '≥'} ${read(name, value).text}`
}

/**
 * @param {string} name
 * @param {number} value
 */
function read(name, value) {
  const [unit = '', format = whole.format] = UNITS.find(([unit]) => name.endsWith(unit)) ?? []
  const bare = name.slice(0, name.length - unit.length)
  const words = bare.split(/(?<=[a-z])(?=[A-Z])/).map((word) => (/^[A-Z]{2}/.test(word) ? word : word.toLowerCase()))
  return { words, text: format(value) }
}
