// The controls of "what if": what they say of this device, and what they were set to.

import { codePoints } from '@edgewise/client/policy'
import { byId } from './dom.js'
import { gigabytes } from './format.js'
import { AS_HERE, HERE } from './whatif-case.js'
import { stepOf } from './whatif-length.js'

export const form = /** @type {HTMLFormElement} */ (byId('case'))

/** @typedef {import('./whatif-case.js').Choices} Choices */
/** @typedef {import('./whatif-case.js').Here} Here */
/** @typedef {keyof Choices} Name */

const names = /** @type {Name[]} */ (Object.keys(AS_HERE))

/** @param {Name} name */
function control(name) {
  return /** @type {HTMLInputElement | HTMLSelectElement} */ (form.elements.namedItem(name))
}

/** A slider that stands where it begins changes nothing, and so does one that came back there. @returns {Choices} */
export function readChoices() {
  const choices = { ...AS_HERE }
  for (const name of names) {
    const field = control(name)
    const isAsHere = field instanceof HTMLInputElement && field.value === field.defaultValue
    choices[name] = isAsHere ? HERE : field.value
  }
  return choices
}

/** @param {Choices} choices */
export function markChanged(choices) {
  for (const name of names) control(name).parentElement?.toggleAttribute('data-changed', choices[name] !== HERE)
}

/** Opens the controls, or closes them when there is nothing to decide by. @param {boolean} on */
export function enableControls(on) {
  const fields = form.querySelector('fieldset')
  if (fields) fields.disabled = !on
}

/**
 * Writes into the controls how things are here. What was changed stays as it is.
 *
 * @param {Here} here
 */
export function showHere({ capabilities: device, state: { battery, network, models }, asked }) {
  begin('prompt', stepOf(codePoints(asked.text)))
  begin('battery', battery ? Math.round(battery.levelPermille / 10) : 100)
  const texts = {
    charging: battery?.charging === undefined ? 'unknown' : battery.charging ? 'yes' : 'no',
    privacy: asked.privacy ? 'local only' : 'any',
    network: network?.offline ? 'offline' : network?.metered || network?.saveData ? 'metered' : 'online',
    tier: `${formOf(device)}, ${tierOf(device)}`,
    gpu: gpuOf(device),
    memory: gigabytes(device.estimatedAvailableRAMGB ?? device.deviceMemoryGB),
    models: placesOf(models ?? {}),
    engines: device.engines?.join(', ') || 'none',
  }
  for (const [name, text] of Object.entries(texts)) {
    const option = control(/** @type {Name} */ (name)).querySelector(`option[value="${HERE}"]`)
    if (option) option.textContent = `${text} (here)`
  }
}

/**
 * Says in words what the sliders stand for.
 *
 * @param {number} promptLength of the case that is decided, code points
 */
export function showSliders(promptLength) {
  say('prompt', `${promptLength.toLocaleString('en')} chars`)
  say('battery', `${control('battery').value} %`)
}

/**
 * @param {Name} name
 * @param {string} text
 */
function say(name, text) {
  const field = control(name)
  field.setAttribute('aria-valuetext', text)
  const output = form.querySelector(`output[for="${field.id}"]`)
  if (output) output.textContent = text
}

/**
 * Moves a slider's beginning, and the slider with it unless it was moved away.
 *
 * @param {Name} name
 * @param {number} value
 */
function begin(name, value) {
  const slider = /** @type {HTMLInputElement} */ (control(name))
  const follows = slider.value === slider.defaultValue
  slider.defaultValue = String(value)
  if (follows) slider.value = slider.defaultValue
}

/** @param {import('@edgewise/client').DeviceCapabilities} device */
function formOf({ isMobile, isTablet, isDesktop }) {
  return isMobile ? 'phone' : isTablet ? 'tablet' : isDesktop ? 'desktop' : 'unknown'
}

/** @param {import('@edgewise/client').DeviceCapabilities} device */
function tierOf({ gpuTier }) {
  return gpuTier === 'none' ? 'no GPU' : `${gpuTier ?? 'unknown'} GPU`
}

/** @param {import('@edgewise/client').DeviceCapabilities} device */
function gpuOf({ hasWebGPU, hasWebGL2, gpu }) {
  if (hasWebGPU) return gpu?.isFallbackAdapter ? 'WebGPU in software' : 'WebGPU'
  if (hasWebGL2) return 'WebGL2 only'
  return hasWebGPU === undefined && hasWebGL2 === undefined ? 'unknown' : 'none'
}

/** @param {Record<string, import('@edgewise/client').ModelState>} models */
function placesOf(models) {
  const count = (/** @type {string} */ status) => Object.values(models).filter((m) => m.status === status).length
  const [loaded, cached] = [count('loaded'), count('cached')]
  return loaded ? `${loaded} loaded` : cached ? `${cached} cached` : 'none'
}
