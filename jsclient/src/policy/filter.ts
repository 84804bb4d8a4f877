import type { NetworkState, Reason, RequestNeeds } from '../wire.ts'
import type { Device } from './device.ts'
import type { IndexedModel } from './model.ts'
import type { KnownModel } from './state.ts'
import { isOnDevice } from './state.ts'

/**
 * The filters of the candidate choice, in the order in which they run, and why the browser is forbidden when one of them
 * leaves no model. Each removes models; none forbids the browser by itself.
 */
const REASONS = {
  enabled: 'browser_inference_disabled',
  gpu: 'insufficient_device_capabilities',
  engine: '',
  gpu_features: '',
  tier: '',
  memory: '',
  size: 'model_too_large',
  context: 'context_window_exceeded',
  features: 'feature_unsupported',
  metered: 'metered_network',
  offline: 'offline',
  health: 'browser_unhealthy',
  speed: 'too_slow',
}

export type Filter = keyof typeof REASONS

/** Names of the filters, in order. */
export const FILTERS = Object.keys(REASONS) as readonly Filter[]

/** The operator's bounds with their defaults filled in; 0 = no limit. */
export interface Limits {
  readonly allowSoftwareGPU: boolean
  /** Bytes */
  readonly maxModelBytes: number
  readonly disabledEngines: readonly string[]
  readonly maxFailures: number
  readonly minTokensPerSecondMilli: number
}

/** What a model is held against. */
export interface Query {
  readonly device: Device
  /** Prompt and completion together. */
  readonly tokens: number
  readonly task: string
  readonly needs: RequestNeeds
  readonly models: ReadonlyMap<string, KnownModel>
  readonly network: NetworkState
}

const MiB = 1024 * 1024

/** Place in {@link FILTERS} of the first filter that removes the model, counted from 1; 0 = none does. */
export function rejects(model: IndexedModel, known: KnownModel, query: Query, limits: Limits): number {
  const { info, needsWebGPU } = model
  const { device, network } = query
  const { requires } = info
  if (info.disabled || limits.disabledEngines.includes(info.framework)) return 1
  if (needsWebGPU && (device.webGPU === false || (device.software && !limits.allowSoftwareGPU))) return 2
  if (device.engines && !device.engines.includes(info.framework)) return 3
  if (needsWebGPU && requires && !fitsGPU(requires.features ?? [], requires.minBufferBytes ?? 0, device)) return 4
  if (model.minTier > device.tier) return 5
  if (device.availableRAM && model.minRAM > device.availableRAM) return 6
  const onDevice = isOnDevice(known)
  const size = info.sizeBytes ?? 0
  if (limits.maxModelBytes && size > limits.maxModelBytes) return 7
  if (!onDevice && device.storage && Math.floor(size / MiB) >= device.storage) return 7
  if (query.tokens > info.contextWindow) return 8
  if (!covers(info.supports ?? {}, query.needs)) return 9
  if (!onDevice && (network.saveData || network.metered)) return 10
  if (!onDevice && network.offline) return 11
  if (known.failures >= limits.maxFailures) return 12
  const speed = known.tokensPerSecondMilli
  return speed && speed < limits.minTokensPerSecondMilli ? 13 : 0
}

/** Why the browser is forbidden when this filter left no model; `undefined` = there was none to begin with. */
export function reasonOf(filter: Filter | undefined): Reason {
  return (filter && REASONS[filter]) || 'no_compatible_browser_model'
}

function fitsGPU(features: readonly string[], buffer: number, device: Device): boolean {
  for (const feature of features) if (device.gpuFeatures && !device.gpuFeatures.includes(feature)) return false
  return (!device.maxBuffer || buffer <= device.maxBuffer) && (!device.maxBinding || buffer <= device.maxBinding)
}

function covers(offer: RequestNeeds, need: RequestNeeds): boolean {
  return Boolean(
    (offer.tools || !need.tools) &&
      (offer.jsonSchema || !need.jsonSchema) &&
      (offer.images || !need.images) &&
      (offer.logprobs || !need.logprobs) &&
      Math.max(need.n ?? 1, 1) <= Math.max(offer.n ?? 1, 1),
  )
}
