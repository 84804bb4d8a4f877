import type { DeviceCapabilities } from '../wire.ts'

/** Characters of a key: some drivers describe themselves at length. */
const MAX_LENGTH = 200

/**
 * Names what decides how fast a model is here: the WebGPU adapter, and the browser with its major version. What was measured
 * under another name says little. Kept on the device, and sent nowhere.
 */
export function deviceKey({ gpu = {}, browserName, browserVersion }: DeviceCapabilities): string {
  const { vendor, architecture, description } = gpu
  const parts = [vendor, architecture, description, browserName, browserVersion]
  return parts
    .map((part) => part ?? '')
    .join('|')
    .slice(0, MAX_LENGTH)
}
