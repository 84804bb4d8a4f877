// The line below the buttons that break things. Several have something to say of what is broken; the latest is seen, and
// what came before it is seen again once that is over.

import { byId } from './dom.js'

const line = byId('fault-status')

/** @typedef {'engine' | 'server' | 'model'} Subject */

/** The latest is the last. @type {Map<Subject, (Node | string)[]>} */
const said = new Map()

/**
 * @param {Subject} of
 * @param {...(Node | string)} words none: there is nothing more to say of it
 */
export function sayBroken(of, ...words) {
  said.delete(of)
  if (words.length > 0) said.set(of, words)
  line.replaceChildren(...([...said.values()].at(-1) ?? []))
}
