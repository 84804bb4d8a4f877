import type { ModelInfo, ModelSupport } from '../wire.ts'
import { DEVICE_TIERS } from './device.ts'
import { count, flag, memory, type Reader, readFields, words } from './options.ts'
import { isText, within } from './validate.ts'

/** A model with what deciding reads of it, in the units that it is compared in. */
export interface IndexedModel {
  readonly info: ModelInfo
  /** 0 = unknown. */
  readonly parameters: number
  /** 0 = unknown. */
  readonly sizeBytes: number
  /** Tokens */
  readonly contextWindow: number
  /** MiB, 0 = no need. */
  readonly minRAM: number
  /** Rank in `DEVICE_TIERS`, 0 = no demand. */
  readonly minTier: number
  readonly capabilities: readonly string[]
  readonly needsWebGPU: boolean
  readonly gpuFeatures: readonly string[]
  /** 0 = no need. */
  readonly minBufferBytes: number
  readonly supports: Required<ModelSupport>
  readonly disabled: boolean
}

/**
 * Reads a model; throws a plain Error that names the first field that makes it unusable. The server has checked the
 * rest.
 */
export function indexModel(info: ModelInfo): IndexedModel {
  return within(`model ${JSON.stringify(info.id)}`, () => {
    const { minRAMGB: minRAM, minDeviceTier: minTier, framework, ...model } = readFields(MODEL, info)
    const requires = within('requires', () => readFields(REQUIREMENTS, info.requires))
    const supports = within('supports', () => readFields(SUPPORT, info.supports))
    const { gpu, features: gpuFeatures, minBufferBytes } = requires
    const needsWebGPU = (gpu || (framework === 'webllm' ? 'webgpu' : 'none')) === 'webgpu'
    return { ...model, info, minRAM, minTier, needsWebGPU, gpuFeatures, minBufferBytes, supports }
  })
}

const UNITS: Readonly<Record<string, number>> = { K: 1e3, M: 1e6, B: 1e9, T: 1e12 }

/** A parameter count with its unit: "350M" is 350,000,000. 0 for nothing, NaN for nonsense. */
export function parseParameters(text: string | undefined): number {
  if (!text) return 0
  const [, digits, unit = ''] = /^\+?((?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?)([KMBT])$/i.exec(text) ?? []
  const count = Number(digits)
  return count > 0 && count < 1e6 ? Math.round(count * (UNITS[unit.toUpperCase()] ?? 1)) : Number.NaN
}

const name: Reader<string> = (value) => (isText(value) && value ? value : undefined)

const parameters: Reader<number> = (value = '') => {
  const parsed = isText(value) ? parseParameters(value) : Number.NaN
  return Number.isNaN(parsed) ? undefined : parsed
}

const tokens: Reader<number> = (value) => count(0, 2 ** 30)(value) || undefined

const TIERS: ReadonlyMap<unknown, number> = new Map(Object.entries({ '': 0, ...DEVICE_TIERS }))

const tier: Reader<number> = (value = '') => TIERS.get(value)

const gpu: Reader<string> = (value = '') => ['', 'none', 'webgpu'].find((need) => need === value)

const MODEL = {
  id: name,
  framework: name,
  parameters,
  sizeBytes: count(0),
  contextWindow: tokens,
  minRAMGB: memory(0),
  minDeviceTier: tier,
  capabilities: words,
  disabled: flag,
}

const REQUIREMENTS = { gpu, features: words, minBufferBytes: count(0) }

const SUPPORT = { tools: flag, jsonSchema: flag, images: flag, logprobs: flag, n: count(1, 128) }
