import type { PEER_DEFAULT } from '../../engine/peer-default.ts'
import type { AppConfig } from './peer.ts'

/** Options of `webllm()`. Give `worker`, or `workerURL` and `moduleURL`. */
export interface WebLLMOptions {
  /**
   * Makes the worker, whose file imports `@edgewise/client/webllm/worker`:
   * `() => new Worker(new URL('./my.worker.js', import.meta.url), { type: 'module' })`. Called once a load.
   */
  worker?: () => Worker
  /** URL of this package's `webllm/worker-module` file, of the page's own origin; for pages without a bundler. */
  workerURL?: string | URL
  /** URL of the package's ES module (`lib/index.js`). Required with `workerURL`. */
  moduleURL?: string | URL
  /**
   * Records of models that the registry describes by their id alone, and the store to keep models in: `cacheBackend`
   * defaults to "cache", the only one of which the engine can tell sizes, remove a model or what is old of it, and find
   * spoiled files that are listed with checksums. `PEER_DEFAULT` takes the package's own records, which name public hosts: huggingface.co for the
   * weights, raw.githubusercontent.com for the model libraries. No hub is used unless you say so. Libraries whose URL
   * contains "localhost" are never stored. Defaults to no records.
   */
  appConfig?: Partial<AppConfig> | typeof PEER_DEFAULT
  /**
   * Milliseconds without a token after which a generation fails as "stalled"; 0 = never. WebLLM gives no sign of life
   * while it reads a prompt, so this bounds that time too: raise it for long prompts on slow GPUs. Defaults to 60,000.
   */
  stallMs?: number
}
