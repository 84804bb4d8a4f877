import type { ModelInfo } from '../wire.ts'
import { DEVICE_TIERS } from './device.ts'
import { toMemory } from './numbers.ts'
import { insist, isCount } from './validate.ts'

/** A model with what deciding reads of it, in the units that it is compared in. */
export interface IndexedModel {
  readonly info: ModelInfo
  /** 0 = unknown. */
  readonly parameters: number
  /** MiB */
  readonly minRAM: number
  /** Rank in `DEVICE_TIERS`, 0 = no demand. */
  readonly minTier: number
  readonly needsWebGPU: boolean
}

/**
 * Reads a model; throws a plain Error that names the first field that makes it unusable. The server has checked the
 * rest.
 */
export function indexModel(info: ModelInfo): IndexedModel {
  const { id, framework, sizeBytes = 0, contextWindow, minDeviceTier, requires } = info
  const minTier = minDeviceTier ? DEVICE_TIERS[minDeviceTier] : 0
  const gpu = requires?.gpu || (framework === 'webllm' ? 'webgpu' : 'none')
  const parameters = parseParameters(info.parameters)
  insist(`model ${JSON.stringify(id)}`, {
    id,
    framework,
    sizeBytes: isCount(sizeBytes),
    contextWindow: contextWindow >= 1,
    minDeviceTier: minTier !== undefined,
    'requires.gpu': gpu === 'none' || gpu === 'webgpu',
    capabilities: !info.capabilities?.includes(''),
    parameters: !Number.isNaN(parameters),
  })
  return { info, parameters, minRAM: toMemory(info.minRAMGB), minTier, needsWebGPU: gpu === 'webgpu' }
}

const UNITS: Readonly<Record<string, number>> = { K: 1e3, M: 1e6, B: 1e9, T: 1e12 }

/** A parameter count with its unit: "350M" is 350,000,000. 0 for nothing, NaN for nonsense. */
export function parseParameters(text: string | undefined): number {
  if (!text) return 0
  const [, digits, unit = ''] = /^\+?((?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?)([KMBT])$/i.exec(text) ?? []
  const count = Number(digits)
  return count > 0 && count < 1e6 ? Math.round(count * (UNITS[unit.toUpperCase()] ?? 1)) : Number.NaN
}
