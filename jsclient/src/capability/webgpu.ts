import { defined } from '../defined.ts'
import type { GPUInfo, GPULimits } from '../wire.ts'
import type { GPUAdapterLike, NavigatorLike } from './environment.ts'
import { namedTier } from './gpu-tier.ts'
import { bounded, guarded, type ProbeOptions } from './probe.ts'

/** What asking for a WebGPU adapter brought. */
export interface WebGPUProbe {
  /** Undefined when the browser did not answer in time. */
  hasWebGPU?: boolean
  gpu?: GPUInfo
}

const LIMITS: readonly (keyof GPULimits)[] = [
  'maxBufferSize',
  'maxStorageBufferBindingSize',
  'maxStorageBuffersPerShaderStage',
  'maxComputeWorkgroupStorageSize',
]

/**
 * Asks for an adapter and drops it at once. `navigator.gpu` alone proves nothing: it exists where every adapter is
 * blocked. The video memory's size is not to be had; a buffer limit is no measure of it.
 */
export async function probeWebGPU(navigator: NavigatorLike | undefined, options?: ProbeOptions): Promise<WebGPUProbe> {
  if (!navigator) return {}
  const gpu = guarded(() => navigator.gpu)
  if (!gpu) return { hasWebGPU: false }
  const adapter = await bounded(
    // A request that fails gives no adapter; one that hangs leaves the question open.
    () => gpu.requestAdapter({ powerPreference: 'high-performance' }).catch(() => null),
    options,
  )
  if (adapter) return { hasWebGPU: true, gpu: guarded(() => describeAdapter(adapter)) ?? {} }
  return adapter === null ? { hasWebGPU: false } : {}
}

/** The wire form of an adapter. An adapter that names a software renderer is marked as one even if it does not say so. */
export function describeAdapter(adapter: GPUAdapterLike): GPUInfo {
  const { features, limits, info = {} } = adapter
  const { vendor, architecture, description } = info
  return defined({
    vendor: vendor || undefined,
    architecture: architecture || undefined,
    description: description || undefined,
    isFallbackAdapter:
      namedTier(`${vendor} ${architecture} ${description}`) === 'none' ||
      (info.isFallbackAdapter ?? adapter.isFallbackAdapter),
    features: features && [...features].sort(),
    limits: limits && defined<GPULimits>(Object.fromEntries(LIMITS.map((name) => [name, limits[name]]))),
  })
}
