// What is kept on this device: the models stored here, and what the user said to downloads.

import { isAbortError, isEdgewiseError, isNoTargetError } from '@edgewise/client'
import { ownModels } from './device.js'
import { byId } from './dom.js'
import { onDelete, say, setPreloading, showStored } from './stored-view.js'

/** @typedef {import('@edgewise/client').HybridInferenceClient} Client */

/**
 * Shows the list, keeps it up to date, and makes its buttons work.
 *
 * @param {Client} client
 */
export function followStored(client) {
  const refresh = coalesced(async () => showStored(await client.stored()))
  /** @type {AbortController | undefined} */
  let preloading
  /** The model that the line says is ready. @type {string | undefined} */
  let ready

  /** @param {() => Promise<string>} act says what came of it */
  const run = async (act) => {
    ready = undefined
    try {
      say(await act())
    } catch (error) {
      say(inWords(error), !isAbortError(error))
    }
    refresh()
  }

  onDelete((id) =>
    run(async () => {
      await client.remove(id)
      return 'Deleted.'
    }),
  )
  byId('delete-all').addEventListener('click', () =>
    run(async () => {
      const { removed, kept, failed } = await client.removeAll()
      if (failed.length > 0)
        return `Deleted ${removed.length}. The browser would not delete ${failed.length}: try again.`
      if (kept.length > 0) return `Deleted ${removed.length}, and kept ${kept.length}: in use in another tab.`
      return removed.length > 0 ? 'Deleted all.' : 'There was nothing to delete.'
    }),
  )
  byId('forget').addEventListener('click', () =>
    run(async () => {
      await client.forgetConsent()
      return 'Forgotten: the next download is offered again.'
    }),
  )
  byId('preload').addEventListener('click', () => {
    if (preloading) return preloading.abort()
    preloading = new AbortController()
    const { signal } = preloading
    setPreloading(true)
    void run(async () => {
      try {
        const { id, name } = await preload(client, signal)
        ready = id
        return `${name} is ready.`
      } finally {
        preloading = undefined
        setPreloading(false)
      }
    })
  })

  let shown = ''
  client.subscribe(() => {
    if (client.getSnapshot().phase === 'initializing') return
    const places = client.models.map(({ id }) => client.modelStatus(id)?.status).join()
    if (places !== shown) refresh()
    shown = places
    if (!ready || client.modelStatus(ready)?.status === 'loaded') return
    ready = undefined
    say('')
  })
  // Other tabs share the storage.
  document.addEventListener('visibilitychange', () => {
    if (!document.hidden) refresh()
  })
}

/**
 * Loads the model that would answer here. Over a metered connection the policies choose none, but whoever presses the
 * button may pay for it: the offer says that it is metered.
 *
 * @param {Client} client
 * @param {AbortSignal} signal
 */
async function preload(client, signal) {
  try {
    return await client.preload(undefined, { signal })
  } catch (error) {
    if (!isNoTargetError(error) || error.reason !== 'metered_network') throw error
    return client.preload(ownModels(client)[0]?.id, { signal })
  }
}

/**
 * Runs one at a time, however often it is called meanwhile, and then once more.
 *
 * @param {() => Promise<void>} work
 */
function coalesced(work) {
  let working = false
  let again = false
  return async () => {
    again = true
    if (working) return
    working = true
    while (again) {
      again = false
      await work().catch((error) => say(inWords(error), true))
    }
    working = false
  }
}

/** @param {unknown} error */
function inWords(error) {
  if (isAbortError(error)) return 'Stopped.'
  const code = isEdgewiseError(error) ? error.code : ''
  if (code === 'in_use') return 'It is in use in another tab: close that first.'
  if (code === 'declined') return 'Not downloaded, as you said.'
  return error instanceof Error ? error.message : String(error)
}
