import { requireAdapter } from '../engine/webgpu.ts'
import type { DeviceCapabilities, ModelInfo } from '../wire.ts'

/** Whether a model runs on WebGPU alone: it says so, or its engine knows no other place. */
export function needsWebGPU({ requires, framework }: ModelInfo): boolean {
  return requires?.gpu ? requires.gpu === 'webgpu' : framework === 'webllm'
}

/**
 * Throws a ModelLoadError, "no_webgpu" or "insufficient_gpu", where the device can't run a model, as far as is known of it:
 * better than after a gigabyte. What is unknown is no hindrance; the engine looks for itself before it loads.
 */
export function requireFitness(model: ModelInfo, { hasWebGPU, gpu }: DeviceCapabilities): void {
  if (!needsWebGPU(model) || hasWebGPU === undefined) return
  const { features, limits = {} } = gpu ?? {}
  const adapter = { features: { has: (name: string) => features?.includes(name) ?? true }, limits }
  requireAdapter(hasWebGPU ? adapter : null, model, {})
}
