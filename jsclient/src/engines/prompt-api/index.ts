/**
 * `@edgewise/client/prompt-api`: the model that the browser itself has, through the Prompt API (`LanguageModel`): desktop
 * Chrome and Edge from version 148, and extensions. No package, no worker, no files of the app's; the browser downloads
 * its model once for all sites, and only after a click or a key press.
 */
import { onAbort } from '../../engine/abort.ts'
import type { Engine, EngineSupport } from '../../engine/engine.ts'
import { isInsecure, requireSecureContext } from '../../engine/secure-context.ts'
import { raceAbort } from '../../errors/abort.ts'
import { EngineError } from '../../errors/engine-error.ts'
import { availability, loadModel } from './load.ts'
import type { PromptAPIOptions } from './options.ts'
import { ENGINE_NAME } from './options.ts'
import { languageModel } from './peer.ts'
import { hasModes } from './sampling.ts'

export type { PromptAPIOptions } from './options.ts'

/**
 * Creates the engine; no side effects. It runs in windows only, as the API does; load a model from a click's handler.
 *
 * The API tells little, so these are approximate: token counts, by one or two; and how far the browser is ahead of a
 * caller who is slow, for it can be stopped, but not held back. A session that the browser ends while it is idle shows
 * only at the next request.
 */
export function promptAPI(options: PromptAPIOptions = {}): Engine {
  /** What ends the loads that are under way, and the models that are resident. */
  const ends = new Set<() => unknown>()

  return {
    name: ENGINE_NAME,
    onDevice: options.onDevice ?? false,
    get supports() {
      return supportOf(options)
    },

    async obstacle() {
      if (isInsecure()) return 'insecure_context'
      return (await availability(options)) === 'unavailable' ? 'unavailable' : undefined
    },

    async status(_, { signal } = {}) {
      signal?.throwIfAborted()
      return (await raceAbort(availability(options), signal)) === 'available' ? 'cached' : 'absent'
    },

    async load(info, { signal: given, onProgress } = {}) {
      given?.throwIfAborted()
      requireSecureContext(ENGINE_NAME)
      // Of our own: the signal that creates a session ends it, however late it aborts.
      const ending = new AbortController()
      const { signal } = ending
      const stop = onAbort(given, () => ending.abort(given?.reason))
      const end = () => ending.abort(new EngineError('the engine was disposed', { stage: 'load', code: 'not_loaded' }))
      ends.add(end)
      try {
        const model = await loadModel(info, options, { signal, onProgress }, () => ends.delete(model.unload))
        ends.add(model.unload)
        return model
      } finally {
        stop()
        ends.delete(end)
      }
    },

    async dispose() {
      for (const end of [...ends]) end()
    },
  }
}

/** What a temperature is differs from browser to browser, so it is asked when somebody wants to know. */
function supportOf(options: PromptAPIOptions): Partial<EngineSupport> {
  const api = languageModel()
  return {
    jsonSchema: true,
    images: options.images ?? false,
    temperature: api !== undefined && ('params' in api || hasModes(api, options)),
    stop: true,
    continuation: true,
    prefixCache: true,
  }
}
