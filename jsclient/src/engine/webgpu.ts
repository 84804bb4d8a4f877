/** Whether WebGPU here can run a model, asked before a byte of it is downloaded. */
import { ModelLoadError } from '../errors/engine-model-load-error.ts'
import type { GPULimits, ModelInfo } from '../wire.ts'

/** What an adapter offers. A `GPUAdapter` is one. */
export interface AdapterFacts {
  readonly features: Pick<ReadonlySet<string>, 'has'>
  readonly limits: GPULimits
  /** Present on a real adapter; used to hear of a crash of the GPU process. */
  requestDevice?(): Promise<DeviceFacts>
}

export interface DeviceFacts {
  readonly lost: Promise<{ readonly message: string; readonly reason: string }>
  destroy(): void
}

/** Asks for an adapter; null when there is none. Must not reject. */
export type AdapterProbe = () => Promise<AdapterFacts | null>

/** The part of `navigator` that is used; neither TypeScript's DOM library nor every browser has it. */
interface GPUNavigator {
  gpu?: { requestAdapter(options?: { powerPreference?: string }): Promise<AdapterFacts | null> }
}

/** Asks `navigator.gpu`, in the page or in a worker. `navigator.gpu` alone proves nothing: the adapter may be null. */
export const probeAdapter: AdapterProbe = async () => {
  try {
    const { gpu } = navigator as GPUNavigator
    return (await gpu?.requestAdapter({ powerPreference: 'high-performance' })) ?? null
  } catch {
    return null
  }
}

export interface AdapterNeeds {
  features?: readonly string[]
  /** Smallest limits that will do: bytes, except the buffer count. */
  limits?: GPULimits
}

/** Throws a `ModelLoadError` that names what is missing; the model's own `requires` are checked as well. */
export function requireAdapter(
  adapter: AdapterFacts | null,
  model: ModelInfo,
  needs: AdapterNeeds,
): asserts adapter is AdapterFacts {
  if (!adapter) {
    const message = `${model.id} needs WebGPU, and there is no adapter here: use an engine that needs none, or a browser with hardware acceleration switched on`
    throw new ModelLoadError(model.id, message, { code: 'no_webgpu' })
  }
  const refuse = (what: string): never => {
    const message = `${model.id} can't run on this GPU: ${what}; choose another model`
    throw new ModelLoadError(model.id, message, { code: 'insufficient_gpu' })
  }
  for (const feature of new Set([...(needs.features ?? []), ...(model.requires?.features ?? [])])) {
    if (!adapter.features.has(feature)) refuse(`it lacks the feature ${feature}`)
  }
  const limits: GPULimits = { ...needs.limits }
  const buffer = Math.max(limits.maxBufferSize ?? 0, model.requires?.minBufferBytes ?? 0)
  if (buffer > 0) limits.maxBufferSize = buffer
  for (const [name, least] of Object.entries(limits) as [keyof GPULimits, number][]) {
    const offered = adapter.limits[name]
    if (offered !== undefined && offered < least) refuse(`its ${name} is ${offered}, ${least} is needed`)
  }
}
