// Two ways to break the demo on purpose, for real: end the engine's worker in mid-answer, and cut the server.

import { byId } from './dom.js'
import { sayBroken } from './fault-line.js'

/** The token of an answer at which the engine is killed. */
const KILLED_AT = 10

const kill = byId('kill')
const cut = byId('cut')

/** Tells the demo's server which tab is to be cut off. A service has no such header. */
export const tabHeaders = { 'Demo-Tab': Math.random().toString(36).slice(2) }

/** The worker of the model that was loaded last. @type {Worker | undefined} */
let worker

/** Makes the engine's worker, one a load. */
export function startWorker() {
  worker = new Worker('/client/transformers-worker-module.js', { type: 'module', name: 'edgewise-transformers' })
  return worker
}

let armed = false

/** The answer that runs, or ran last, was hit. */
let killed = false

/** Tokens of the answer that were made here. */
let made = 0

/**
 * What becomes of a cut, as the demo's server has it: it waits two minutes for an answer to break, and the outage is ten
 * seconds long.
 *
 * @typedef {object} CutState
 * @property {string[]} says
 * @property {number} [lasts] ms
 * @property {CutState} [next]
 */

/** @type {CutState} */
const WHOLE = { says: [] }
/** @type {CutState} */
const WAITING = {
  says: ["The server's next answer breaks off, and then it is gone for 10 s."],
  lasts: 120_000,
  next: WHOLE,
}
/** @type {CutState} */
const BACK = { says: ['The server is back.'] }
/** @type {CutState} */
const GONE = { says: ['The server is gone, for 10 s.'], lasts: 10_000, next: BACK }

let cutState = WHOLE
let timer = 0

export function offerFaults() {
  kill.addEventListener('click', () => {
    arm(!armed)
    sayBroken('engine', ...(armed ? [`The next answer made here loses its engine at token ${KILLED_AT}.`] : []))
  })
  cut.addEventListener('click', async () => setCut(await cutServer()))
}

/** An answer begins, or its rest does. */
export function answerBegins() {
  made = 0
  killed = false
  if (!armed) sayBroken('engine')
  if (cutState === BACK) setCut(WHOLE)
}

/** @param {'browser' | 'server'} source who made it */
export function tokenCame(source) {
  if (source !== 'browser' || ++made < KILLED_AT || !armed) return
  arm(false)
  killed = true
  // Nobody is told: that the worker is gone is for the client to find out.
  worker?.terminate()
  sayBroken('engine', `Killed at token ${KILLED_AT}.`)
}

/**
 * Says what a kill has come to, once its answer has ended.
 *
 * @param {number} failures
 * @param {number} most after so many the model is left alone
 */
export function sayKilled(failures, most) {
  if (!killed) return
  const count = `${failures} of ${most} in five minutes`
  sayBroken('engine', `Killed at token ${KILLED_AT}: ${count}, then the model is left alone.`)
}

/** It may have been cut. */
export function serverFailed() {
  if (cutState === WAITING) setCut(GONE)
}

/** @param {CutState} state */
function setCut(state) {
  cutState = state
  sayBroken('server', ...state.says)
  window.clearTimeout(timer)
  const { next } = state
  if (next) timer = window.setTimeout(() => setCut(next), state.lasts)
}

/** @param {boolean} on */
function arm(on) {
  armed = on
  kill.setAttribute('aria-pressed', String(on))
}

/** @returns {Promise<CutState>} what came of it */
async function cutServer() {
  try {
    const { ok } = await fetch('/demo/cut', { method: 'POST', headers: tabHeaders })
    return ok ? WAITING : { says: ['The server does not let itself be cut.'] }
  } catch {
    return { says: ['The server is gone already.'] }
  }
}
