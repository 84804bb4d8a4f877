import type { NetworkState, Reason, RequestNeeds } from '../wire.ts'
import type { Device } from './device.ts'
import type { IndexedModel } from './model.ts'
import { isOnDevice, type KnownModel } from './state.ts'

/** The operator's bounds with their defaults filled in; 0 = no limit. */
export interface Limits {
  readonly allowSoftwareGPU: boolean
  /** Bytes */
  readonly maxModelBytes: number
  readonly disabledEngines: readonly string[]
  readonly maxFailures: number
  readonly minTokensPerSecondMilli: number
  readonly fastTokensPerSecondMilli: number
}

/** What a model is held against. */
export interface Query {
  readonly limits: Limits
  readonly device: Device
  /** Prompt and completion together. */
  readonly tokens: number
  readonly task: string
  readonly needs: RequestNeeds
  /** Engines that can honour the request; undefined = all that the device has. */
  readonly engines: readonly string[] | undefined
  readonly models: ReadonlyMap<string, KnownModel>
  readonly network: NetworkState
}

interface Rule {
  /** Why the browser is forbidden when the filter left no model. Defaults to "no_compatible_browser_model". */
  readonly reason?: Reason
  /** Truthy when the model, of which the page knows so much, does not pass. */
  removes(query: Query, model: IndexedModel, known: KnownModel): unknown
}

const MiB = 1024 * 1024

/** The filters of the candidate choice, in order. Each removes models; none forbids the browser by itself. */
const RULES = {
  enabled: {
    reason: 'browser_inference_disabled',
    removes: ({ limits }, { disabled, info }) => disabled || limits.disabledEngines.includes(info.framework),
  },
  gpu: {
    reason: 'insufficient_device_capabilities',
    removes: ({ device, limits }, { needsWebGPU }) =>
      needsWebGPU && (device.webGPU === false || (device.software && !limits.allowSoftwareGPU)),
  },
  engine: {
    removes: ({ device }, { info }) => device.engines && !device.engines.includes(info.framework),
  },
  gpu_features: {
    removes({ device }, { needsWebGPU, gpuFeatures, minBufferBytes }) {
      const lacks = device.gpuFeatures && gpuFeatures.some((feature) => !device.gpuFeatures?.includes(feature))
      const small = exceeds(minBufferBytes, device.maxBuffer) || exceeds(minBufferBytes, device.maxBinding)
      return needsWebGPU && (lacks || small)
    },
  },
  tier: { removes: ({ device }, { minTier }) => minTier > device.tier },
  memory: { removes: ({ device }, { minRAM }) => exceeds(minRAM, device.availableRAM) },
  size: {
    reason: 'model_too_large',
    removes({ device, limits }, { sizeBytes }, known) {
      const full = !isOnDevice(known) && device.storage > 0 && Math.floor(sizeBytes / MiB) >= device.storage
      return full || exceeds(sizeBytes, limits.maxModelBytes)
    },
  },
  context: {
    reason: 'context_window_exceeded',
    removes: ({ tokens }, { contextWindow }) => tokens > contextWindow,
  },
  features: {
    reason: 'feature_unsupported',
    removes({ needs, engines }, { supports, info }) {
      const lacks = ABILITIES.some((ability) => needs[ability] && !supports[ability])
      return lacks || (needs.n ?? 1) > supports.n || (engines && !engines.includes(info.framework))
    },
  },
  metered: {
    reason: 'metered_network',
    removes: ({ network }, _, known) => (network.saveData || network.metered) && !isOnDevice(known),
  },
  offline: { reason: 'offline', removes: ({ network }, _, known) => network.offline && !isOnDevice(known) },
  health: {
    reason: 'browser_unhealthy',
    removes: ({ limits }, _, { failures }) => failures >= limits.maxFailures,
  },
  speed: {
    reason: 'too_slow',
    removes: ({ limits }, _, { tokensPerSecondMilli: speed }) => speed && speed < limits.minTokensPerSecondMilli,
  },
} satisfies Record<string, Rule>

const ABILITIES = ['tools', 'jsonSchema', 'images', 'logprobs'] as const

/** The name of a filter. */
export type Filter = keyof typeof RULES

/** Names of the filters, in order. */
export const FILTERS = Object.keys(RULES) as readonly Filter[]

const IN_ORDER: readonly Rule[] = Object.values(RULES)

/** How many filters the model passes before one removes it; all of them when none does. */
export function passes(query: Query, model: IndexedModel, known: KnownModel): number {
  let count = 0
  for (const rule of IN_ORDER) {
    if (rule.removes(query, model, known)) break
    count++
  }
  return count
}

/** Why the browser is forbidden when this filter left no model; `undefined` = there was none to begin with. */
export function reasonOf(filter: Filter | undefined): Reason {
  const rule: Rule | undefined = filter && RULES[filter]
  return rule?.reason ?? 'no_compatible_browser_model'
}

/** Whether a value is over a bound; 0 = no bound. */
function exceeds(value: number, bound: number): boolean {
  return bound > 0 && value > bound
}
