// What decide() is asked: as things are here, or with some of them made different.

import { codePoints, features } from '@edgewise/client/policy'
import { lengthAt, stretch } from './whatif-length.js'

/**
 * Things as they are.
 *
 * @typedef {object} Here
 * @property {import('@edgewise/client').DeviceCapabilities} capabilities
 * @property {import('@edgewise/client').State} state
 * @property {Asked} asked
 */

/**
 * What a press of Generate would ask now.
 *
 * @typedef {object} Asked
 * @property {string} text
 * @property {number} maxTokens
 * @property {import('@edgewise/client').Complexity} complexity
 * @property {'' | 'local-only'} privacy
 */

/** The value of a control that changes nothing. */
export const HERE = 'here'

/** The controls by name, when none of them changes anything. */
export const AS_HERE = {
  prompt: HERE,
  battery: HERE,
  charging: HERE,
  network: HERE,
  privacy: HERE,
  tier: HERE,
  gpu: HERE,
  memory: HERE,
  models: HERE,
  engines: HERE,
}

/** The controls' values by name. @typedef {Record<keyof typeof AS_HERE, string>} Choices */

/**
 * The state and the request that decide() takes.
 *
 * @param {Here} here
 * @param {Choices} choices
 * @param {readonly import('@edgewise/client').ModelInfo[]} models those of the snapshot
 */
export function caseOf({ capabilities, state, asked }, choices, models) {
  return {
    state: withModels(withNetwork(withBattery(state, choices), choices.network), choices.models, models),
    request: { ...requestOf(asked, choices), capabilities: deviceOf(capabilities, choices) },
  }
}

/**
 * @param {Asked} asked
 * @param {Choices} choices
 */
function requestOf({ text, maxTokens, complexity, privacy: wished }, { prompt, privacy }) {
  const whole = prompt === HERE ? text : stretch(text, lengthAt(Number(prompt)))
  return {
    promptLength: codePoints(whole),
    features: { ...features(whole), messages: 1 },
    maxTokens,
    complexity,
    ...(privacy === HERE ? wished && { privacy: wished } : { privacy: /** @type {'local-only'} */ (privacy) }),
  }
}

/** What a full battery holds, in thousandths: the level of one that does not tell. */
const FULL = 1000

/**
 * @param {import('@edgewise/client').State} state
 * @param {Choices} choices
 */
function withBattery(state, { battery, charging }) {
  if (battery === HERE && charging === HERE) return state
  const { levelPermille = FULL, ...rest } = state.battery ?? {}
  const plug = charging === HERE ? rest : charging === 'unknown' ? {} : { charging: charging === 'yes' }
  return {
    ...state,
    battery: { levelPermille: battery === HERE ? levelPermille : Number(battery) * (FULL / 100), ...plug },
  }
}

/** @type {Record<string, import('@edgewise/client').NetworkState>} */
const NETWORKS = { online: {}, metered: { metered: true }, offline: { offline: true } }

/**
 * @param {import('@edgewise/client').State} state
 * @param {string} network
 */
function withNetwork(state, network) {
  return network === HERE ? state : { ...state, network: NETWORKS[network] ?? {} }
}

/**
 * @param {import('@edgewise/client').State} state
 * @param {string} status of every model
 * @param {readonly import('@edgewise/client').ModelInfo[]} models
 */
function withModels(state, status, models) {
  if (status === HERE) return state
  const known = models.map(({ id }) => [id, { ...state.models?.[id], status }])
  return { ...state, models: Object.fromEntries(known) }
}

/** A device's class, by its form and the tier of its GPU. */
const TIERS = /** @type {const} */ ({
  mobile: { isMobile: true, isTablet: false, isDesktop: false },
  desktop: { isMobile: false, isTablet: false, isDesktop: true, gpuTier: 'medium' },
  'high-end': { isMobile: false, isTablet: false, isDesktop: true, gpuTier: 'high' },
})

const GPUS = /** @type {const} */ ({
  webgpu: { hasWebGPU: true, hasWebGL2: true },
  webgl2: { hasWebGPU: false, hasWebGL2: true },
  none: { hasWebGPU: false, hasWebGL2: false, gpuTier: 'none' },
})

/**
 * @param {import('@edgewise/client').DeviceCapabilities} here
 * @param {Choices} choices
 * @returns {import('@edgewise/client').DeviceCapabilities}
 */
function deviceOf(here, { tier, gpu, memory, engines }) {
  const device = gpu === HERE ? { ...here } : withGPU(here, GPUS[/** @type {keyof typeof GPUS} */ (gpu)])
  if (tier !== HERE) Object.assign(device, TIERS[/** @type {keyof typeof TIERS} */ (tier)])
  if (memory !== HERE) device.estimatedAvailableRAMGB = Number(memory)
  if (engines !== HERE) delete device.engines // not said, so it has any
  return device
}

/**
 * Another adapter, of which no more is known: no feature or limit is held against it.
 *
 * @param {import('@edgewise/client').DeviceCapabilities} here
 * @param {typeof GPUS[keyof typeof GPUS]} gpu
 * @returns {import('@edgewise/client').DeviceCapabilities}
 */
function withGPU({ gpu: _, gpuTier, ...rest }, gpu) {
  // Where there is no GPU that computes, its tier says nothing of another one.
  return { ...rest, ...(gpuTier && gpuTier !== 'none' && { gpuTier }), ...gpu }
}
