import type { DeviceCapabilities } from '../wire.ts'
import { BYTES_PER_UNIT, toCount, toFlag, toMemory } from './numbers.ts'
import { isList, isText } from './validate.ts'

/** Bounds of a claim, the same as the server's. */
const MAX_FEATURES = 128
export const MAX_ENGINES = 16
export const MAX_LABEL_BYTES = 64

/** Ranks of `DeviceTier`; a model that names none demands 0. */
export const DEVICE_TIERS = { mobile: 1, desktop: 2, 'high-end': 3 } as const

/** A device as the policies read it: numbers are whole and clamped, 0 and undefined mean unknown. */
export interface Device {
  readonly webGPU: boolean | undefined
  readonly webGL2: boolean | undefined
  /** The adapter is known to compute on the processor. */
  readonly software: boolean
  /** Rank in {@link DEVICE_TIERS}. */
  readonly tier: number
  /** MiB: what the page estimated, or else all that the browser told of. */
  readonly availableRAM: number
  /** MiB */
  readonly storage: number
  /** Bytes */
  readonly maxBuffer: number
  /** Bytes */
  readonly maxBinding: number
  /** Undefined = not said, so it has any. */
  readonly gpuFeatures: readonly string[] | undefined
  /** Undefined = not said, so it has any. */
  readonly engines: readonly string[] | undefined
}

/** Reads and clamps a claim. What is missing or of the wrong type is unknown. */
export function readDevice(claim: DeviceCapabilities): Device {
  const gpu = claim.gpu ?? {}
  const limits = gpu.limits ?? {}
  return {
    webGPU: toFlag(claim.hasWebGPU),
    webGL2: toFlag(claim.hasWebGL2),
    // Older browsers don't say isFallbackAdapter but name the renderer.
    software: gpu.isFallbackAdapter === true || gpu.architecture === 'swiftshader' || gpu.architecture === 'llvmpipe',
    tier: tierOf(claim),
    availableRAM: toMemory(claim.estimatedAvailableRAMGB) || toMemory(claim.deviceMemoryGB),
    storage: toCount(claim.storageQuotaMB),
    maxBuffer: toCount(limits.maxBufferSize),
    maxBinding: toCount(limits.maxStorageBufferBindingSize),
    gpuFeatures: labels(gpu.features, MAX_FEATURES),
    engines: engineNames(claim.engines),
  }
}

/**
 * A phone or tablet is mobile whatever its GPU: its browser ends tabs at about 1.5 GB. Elsewhere the GPU's tier
 * decides, and a device that does not say is placed in the middle: neither punished nor trusted with the largest models.
 */
function tierOf({ isMobile, isTablet, gpuTier }: DeviceCapabilities): number {
  if (isMobile === true || isTablet === true) return DEVICE_TIERS.mobile
  if (gpuTier === 'high') return DEVICE_TIERS['high-end']
  return gpuTier === 'low' || gpuTier === 'none' ? DEVICE_TIERS.mobile : DEVICE_TIERS.desktop
}

/** Names of engines as the server keeps them: so many, and so long. */
export function engineNames(names: unknown): string[] | undefined {
  return labels(names, MAX_ENGINES)
}

function labels(list: unknown, most: number): string[] | undefined {
  return isList(list, isText) ? list.slice(0, most).map(cut) : undefined
}

/** As much of a label as the server keeps, in whole characters: what is left may match. */
function cut(label: string): string {
  if (label.length * BYTES_PER_UNIT <= MAX_LABEL_BYTES) return label
  return label.slice(0, new TextEncoder().encodeInto(label, new Uint8Array(MAX_LABEL_BYTES)).read)
}
