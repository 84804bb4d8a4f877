import { GB } from './numbers.ts'
import type { PolicyFactory } from './policy.ts'

/**
 * The floor under every device: neither WebGPU nor WebGL2, or too little memory, forbids the browser. What the device
 * did not say does not count against it; what a single model needs is the candidate choice's business. Options:
 * `allowCPU` (default false), `minRAMGB` (default 2).
 */
export const capability: PolicyFactory = (options) => {
  const allowCPU = options.flag('allowCPU')
  const minRAM = options.memory('minRAMGB', 2 * GB)
  return {
    evaluate({ device }) {
      const noGPU = device.webGPU === false && device.webGL2 === false && !allowCPU
      const littleRAM = device.availableRAM !== 0 && device.availableRAM < minRAM
      return noGPU || littleRAM ? { forbid: 'browser', reason: 'insufficient_device_capabilities' } : undefined
    },
    explain: ({ device }) => ({
      webGPU: presence(device.webGPU),
      webGL2: presence(device.webGL2),
      availableRAMMiB: device.availableRAM,
      minRAMMiB: minRAM,
    }),
  }
}

/** -1 unknown, 0 no, 1 yes. */
function presence(flag: boolean | undefined): number {
  return flag === undefined ? -1 : Number(flag)
}
