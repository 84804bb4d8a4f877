/**
 * `@edgewise/client/webllm`: models compiled by MLC through WebLLM, on WebGPU, in a worker of their own. Needs the npm
 * package `@mlc-ai/web-llm` 0.2.86, an optional peer dependency, which is imported when the first model is loaded; so is
 * the rest of this adapter.
 */

import { onAbort } from '../../engine/abort.ts'
import type { Engine, EngineSupport, LoadedModel } from '../../engine/engine.ts'
import { raceAbort } from '../../errors/abort.ts'
import { EngineError } from '../../errors/engine-error.ts'
import type { WebLLMOptions } from './options.ts'

export type { AdapterFacts, AdapterProbe } from '../../engine/webgpu.ts'
export type { WebLLMOptions } from './options.ts'
export type { AppConfig, ModelRecord } from './peer.ts'

const SUPPORT: EngineSupport = Object.freeze({
  tools: true,
  jsonSchema: true,
  images: false,
  logprobs: false,
  temperature: true,
  topP: true,
  seed: true,
  stop: true,
  n: 1,
  continuation: false,
  prefixCache: false,
  contextWindow: 0,
})

/** Creates the engine; no side effects. Each load has a worker of its own, which `unload` terminates. */
export function webllm(options: WebLLMOptions = {}): Engine {
  const models = new Set<LoadedModel>()
  const loading = new Set<AbortController>()

  return {
    name: 'webllm',
    supports: SUPPORT,

    async status(model, { signal } = {}) {
      signal?.throwIfAborted()
      const ask = async () => {
        const { cacheBackend = 'cache' } = options.appConfig ?? {}
        // Six megabytes of code are not imported to hear that nothing was ever stored.
        if (cacheBackend === 'cache' && !(await caches.has('webllm/model'))) return false
        const { isCached } = await import('./load.ts')
        return isCached(model, options)
      }
      const cached = ask().catch(() => false)
      return (await raceAbort(cached, signal)) ? 'cached' : 'absent'
    },

    async load(model, { signal: given, onProgress } = {}) {
      given?.throwIfAborted()
      const ending = new AbortController()
      const { signal } = ending
      const stop = onAbort(given, () => ending.abort(given?.reason))
      loading.add(ending)
      try {
        const { loadModel } = await raceAbort(import('./load.ts'), signal)
        const loaded = await loadModel(model, options, { signal, onProgress }, () => models.delete(loaded))
        models.add(loaded)
        return loaded
      } finally {
        stop()
        loading.delete(ending)
      }
    },

    async dispose() {
      const error = new EngineError('the engine was disposed', { stage: 'load', code: 'not_loaded' })
      for (const ending of loading) ending.abort(error)
      await Promise.all([...models].map((loaded) => loaded.unload()))
    },
  }
}
