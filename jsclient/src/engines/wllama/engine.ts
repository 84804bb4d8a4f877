/** The engine: what wllama can, and our end of its worker. */
import type { Engine, EngineSupport } from '../../engine/engine.ts'
import { expose } from '../../engine/expose.ts'
import type { EnginePort } from '../../engine/protocol.ts'
import type { AdapterProbe } from '../../engine/webgpu.ts'
import { probeAdapter } from '../../engine/webgpu.ts'
import { createWorkerEngine } from '../../engine/worker-engine.ts'
import { canStore, findWhole } from './disk.ts'
import { createHost } from './host.ts'
import type { HostConfig, WllamaOptions } from './options.ts'
import { configOf } from './options.ts'
import { ENGINE_NAME } from './source.ts'
import { createStore } from './store.ts'

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
  continuation: true,
  prefixCache: true,
  contextWindow: 0,
})

/** `probe` asks for the WebGPU adapter before anything is downloaded. */
export function createEngine(options: WllamaOptions, probe: AdapterProbe = probeAdapter): Engine {
  return createWorkerEngine<HostConfig>({
    name: ENGINE_NAME,
    supports: SUPPORT,
    // Both ends live in this page: there is no pulse to listen to.
    connection: { heartbeatMs: 0, stallMs: options.stallMs ?? 60_000 },
    configOf: (model) => configOf(model, options),
    store: createStore((model) => configOf(model, options).files),
    startWorker: () => hostHere(probe),

    async obstacle() {
      return (await canStore()) && (options.compat || hasMemory64()) ? undefined : 'unavailable'
    },

    async isCached(model) {
      const files = await Promise.all(configOf(model, options).files.map(findWhole))
      return files.every((entry) => entry !== undefined)
    },
  })
}

/** The worker is the package's own, so our end of it runs in the page, and speaks through a channel. */
function hostHere(probe: AdapterProbe): EnginePort {
  const { port1, port2 } = new MessageChannel()
  const host = createHost(probe)
  const stop = expose(port2, host)
  const terminate = () => {
    stop()
    host.end()
  }
  return Object.assign(port1, { terminate })
}

/** Whether WebAssembly has 64-bit memory, as the package's own build needs. */
function hasMemory64(): boolean {
  try {
    return Boolean(new WebAssembly.Memory({ address: 'i64', initial: 1n } as unknown as WebAssembly.MemoryDescriptor))
  } catch {
    return false
  }
}
