import type { AdapterProbe } from '../../engine/webgpu.ts'
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
  /** URL of the package's ES module, for page and worker. Required with `workerURL`. */
  moduleURL?: string | URL
  /**
   * Records of models, and the store to keep them in: `cacheBackend` defaults to "cache". Models that are neither here
   * nor described by their `source` come from the package's prebuilt list, which names public hosts for weights and
   * model libraries. URLs of libraries that contain "localhost" are never cached.
   */
  appConfig?: Partial<AppConfig>
  /** Asks for the WebGPU adapter before anything is downloaded. Defaults to asking `navigator.gpu`. */
  probe?: AdapterProbe
  /** Milliseconds without a token after which a generation fails as "stalled"; 0 = never. Defaults to 30,000. */
  stallMs?: number
}
