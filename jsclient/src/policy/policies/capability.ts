import { GB } from '../numbers.ts'
import { flag, memory } from '../options.ts'
import { policy, presence } from '../policy.ts'

/** MiB */
const DEFAULT_MIN_RAM = 2 * GB

/**
 * The floor under every device: neither WebGPU nor WebGL2, or too little memory, forbids the browser. What the device
 * did not say does not count against it; what a single model needs is the candidate choice's business.
 */
export const capability = policy(
  { allowCPU: flag, minRAMGB: memory(DEFAULT_MIN_RAM) },
  ({ device: { webGPU, webGL2, availableRAM } }, { allowCPU, minRAMGB: minRAM }) => {
    const noGPU = webGPU === false && webGL2 === false && !allowCPU
    const littleRAM = availableRAM > 0 && availableRAM < minRAM
    return {
      ...((noGPU || littleRAM) && { forbid: 'browser', reason: 'insufficient_device_capabilities' }),
      detail: {
        webGPU: presence(webGPU),
        webGL2: presence(webGL2),
        availableRAMMiB: availableRAM,
        minRAMMiB: minRAM,
      },
    }
  },
)
