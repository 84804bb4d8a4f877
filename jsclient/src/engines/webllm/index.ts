/**
 * `@edgewise/client/webllm`: models compiled by MLC through WebLLM, on WebGPU, in a worker of their own. Needs the npm
 * package `@mlc-ai/web-llm` 0.2.86, an optional peer dependency, which only the worker imports.
 */

import type { Engine, EngineSupport } from '../../engine/engine.ts'
import { pageBase, pageURL } from '../../engine/page-url.ts'
import { PEER_DEFAULT } from '../../engine/peer-default.ts'
import type { EnginePort } from '../../engine/protocol.ts'
import { createWorkerEngine } from '../../engine/worker-engine.ts'
import { EngineError } from '../../errors/engine-error.ts'
import type { WebLLMOptions } from './options.ts'
import { ENGINE_NAME, type HostConfig } from './source.ts'
import { createStore, isCached } from './store.ts'

export type { WebLLMOptions } from './options.ts'
export type { AppConfig, ModelRecord } from './peer.ts'
export { PEER_DEFAULT }

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
  const { appConfig = {} } = options
  const usesCache = appConfig === PEER_DEFAULT || (appConfig.cacheBackend ?? 'cache') === 'cache'
  return createWorkerEngine<HostConfig>({
    name: ENGINE_NAME,
    supports: SUPPORT,
    connection: { stallMs: options.stallMs ?? 60_000 },
    configOf: () => configOf(options),
    startWorker: () => startWorker(options),
    ...(usesCache && { store: createStore(() => configOf(options)) }),

    async isCached(model, load) {
      const config = configOf(options)
      if (usesCache) return isCached(model, config)
      // Only the package knows its other stores.
      await (await load({ ...config, lookOnly: true })).unload()
      return true
    },
  })
}

function startWorker({ worker, workerURL, moduleURL }: WebLLMOptions): EnginePort {
  if (worker) return worker()
  if (workerURL && moduleURL) return new Worker(workerURL, { type: 'module', name: 'edgewise-webllm' })
  const message = 'webllm(): pass worker, or workerURL and moduleURL'
  throw new EngineError(message, { stage: 'load', code: 'misconfigured' })
}

function configOf({ moduleURL, appConfig = {} }: WebLLMOptions): HostConfig {
  const config: HostConfig = { baseURL: pageBase(), appConfig }
  if (moduleURL !== undefined) config.moduleURL = pageURL(moduleURL)
  return config
}
