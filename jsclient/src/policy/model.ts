import type { ModelInfo } from '../wire.ts'
import { DEVICE_TIERS } from './device.ts'
import { MAX_COUNT, toMemory, utf8Length } from './numbers.ts'

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

/** Reads a model; throws a plain Error that names the first field that makes it unusable. */
export function indexModel(info: ModelInfo): IndexedModel {
  const { id, framework, sizeBytes = 0, contextWindow, minDeviceTier, requires, supports } = info
  const bad = (field: string, problem: string): never => {
    throw new Error(`model ${JSON.stringify(id)}: ${field} ${problem}`)
  }
  if (typeof id !== 'string' || !isName(id, 200) || hasControl(id)) bad('id', 'must have 1 to 200 plain characters')
  if (typeof framework !== 'string' || !isName(framework, 64)) bad('framework', 'must name an engine')
  if (!isCount(sizeBytes)) bad('sizeBytes', 'must be 0 (unknown) to 2^53-1')
  if (!isCount(contextWindow) || contextWindow < 1 || contextWindow > 2 ** 30) bad('contextWindow', 'must be 1 to 2^30')
  const minTier = minDeviceTier ? DEVICE_TIERS[minDeviceTier] : 0
  if (minTier === undefined) bad('minDeviceTier', 'must be mobile, desktop or high-end')
  const gpu = requires?.gpu || (framework === 'webllm' ? 'webgpu' : 'none')
  if (gpu !== 'none' && gpu !== 'webgpu') bad('requires.gpu', 'must be none or webgpu')
  if (!isCount(requires?.minBufferBytes ?? 0)) bad('requires.minBufferBytes', 'must be 0 or more')
  if (!isCount(supports?.n ?? 0)) bad('supports.n', 'must be 0 or more')
  if (info.capabilities?.includes('')) bad('capabilities', 'has an empty word')
  const parameters = parseParameters(info.parameters)
  if (Number.isNaN(parameters)) bad('parameters', 'must be a number and a unit, such as 350M or 3.8B')
  return { info, parameters, minRAM: toMemory(info.minRAMGB), minTier, needsWebGPU: gpu === 'webgpu' }
}

const UNITS: Readonly<Record<string, number>> = { K: 1e3, M: 1e6, B: 1e9, T: 1e12 }

/** A parameter count with its unit: "350M" is 350,000,000. 0 for nothing, NaN for nonsense. */
export function parseParameters(text: string | undefined): number {
  if (!text) return 0
  const unit = UNITS[text.slice(-1).toUpperCase()]
  const digits = text.slice(0, -1)
  const count = /^[+]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/.test(digits) ? Number(digits) : 0
  return unit && count > 0 && count < 1e6 ? Math.round(count * unit) : Number.NaN
}

function isName(text: string, most: number): boolean {
  return text !== '' && utf8Length(text) <= most
}

function isCount(value: unknown): value is number {
  return Number.isInteger(value) && (value as number) >= 0 && (value as number) <= MAX_COUNT
}

function hasControl(text: string): boolean {
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i)
    if (code < 0x20 || code === 0x7f) return true
  }
  return false
}
