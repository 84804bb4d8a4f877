// The policy snapshot that "what if" decides with: fetched when it is first needed, and again once it is too old.

import { ServerTransport } from '@edgewise/client'

const server = new ServerTransport({ baseURL: '/api/v1' })

/** Longest wait for the server, ms. */
const TIMEOUT_MS = 10_000

/**
 * @typedef {object} Held
 * @property {import('@edgewise/client').Snapshot} snapshot
 * @property {string | undefined} etag
 * @property {number} at when the server last said that it is good, Unix ms
 */

/** @type {Held | undefined} */
let held

/** The snapshot at hand, if there is one. */
export function heldSnapshot() {
  return held
}

/** Sees to it that the snapshot at hand is no older than its own `maxAge`. Rejects with the client's typed errors. */
export async function refreshSnapshot() {
  if (held && Date.now() - held.at <= (held.snapshot.maxAge ?? 0) * 1000) return
  const answer = await server.policy({ etag: held?.etag, signal: AbortSignal.timeout(TIMEOUT_MS) })
  const at = Date.now()
  if (answer.modified) held = { snapshot: answer.snapshot, etag: answer.etag, at }
  else if (held) held = { ...held, at }
}
