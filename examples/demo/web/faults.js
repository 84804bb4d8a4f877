// Two ways to break the demo on purpose, for real: end the engine's worker in mid-answer, and cut the server.

import { byId } from './dom.js'

/** The token of an answer at which the engine is killed. */
const KILLED_AT = 10

const kill = byId('kill')
const cut = byId('cut')
const status = byId('fault-status')

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

/** Tokens of the answer that were made here. */
let made = 0

export function offerFaults() {
  kill.addEventListener('click', () => {
    arm(!armed)
    status.textContent = armed ? `The next answer made here loses its engine at token ${KILLED_AT}.` : ''
  })
  cut.addEventListener('click', async () => {
    status.textContent = await cutServer()
  })
}

/** An answer begins, or its rest does. */
export function answerBegins() {
  made = 0
}

/** @param {'browser' | 'server'} source who made it */
export function tokenCame(source) {
  if (source !== 'browser' || ++made < KILLED_AT || !armed) return
  arm(false)
  // Nobody is told: that the worker is gone is for the client to find out.
  worker?.terminate()
  status.textContent = `Killed at token ${made}. After three times in five minutes the model is left alone.`
}

/** It may have been cut. */
export function serverFailed() {
  if (!armed) status.textContent = ''
}

/** @param {boolean} on */
function arm(on) {
  armed = on
  kill.setAttribute('aria-pressed', String(on))
}

/** @returns {Promise<string>} what came of it, in words */
async function cutServer() {
  try {
    const { ok } = await fetch('/demo/cut', { method: 'POST', headers: tabHeaders })
    return ok
      ? "The server's next answer breaks off, and then it is gone for 10 s."
      : 'The server does not let itself be cut.'
  } catch {
    return 'The server is gone already.'
  }
}
