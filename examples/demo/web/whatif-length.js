// The prompt's length on a slider: each step makes it longer by the same share, and the text to go with it.

import { byId } from './dom.js'

/** The slider's last step, and the length that it stands for, in code points. */
const STEPS = Number(/** @type {HTMLInputElement} */ (byId('case-prompt')).max)
const LONGEST = 20_000

/** @param {number} step */
export function lengthAt(step) {
  return Math.round(LONGEST ** (step / STEPS))
}

/** The step whose length is nearest. @param {number} length */
export function stepOf(length) {
  if (length <= 1) return 0
  return Math.min(Math.round((STEPS * Math.log(length)) / Math.log(LONGEST)), STEPS)
}

/**
 * A text cut, or repeated line by line, to a length in code points: more of the same, so that what is counted over it is
 * in proportion.
 *
 * @param {string} text
 * @param {number} length
 */
export function stretch(text, length) {
  const line = Array.from(`${text}\n`)
  return Array.from({ length }, (_, i) => line[i % line.length]).join('')
}
