/** Runs in the page, and as a worker: what the detector sees there. */
import { probeBandwidth } from '../../../src/capability/bandwidth.ts'
import { CapabilityDetector } from '../../../src/capability/detector.ts'
import { detectState } from '../../../src/capability/state.ts'
import type { DeviceCapabilities, State } from '../../../src/wire.ts'

export const detect = (): Promise<DeviceCapabilities> => new CapabilityDetector().detect()

export const state = (): Promise<State> => detectState()

/** How fast this GPU reads, and which devices were asked for meanwhile; of an adapter that is said to be a real one, perhaps. */
export async function bandwidth(info?: object): Promise<{ rate: number | undefined; devices: number }> {
  let devices = 0
  const requestAdapter: GPU['requestAdapter'] = async (options) => {
    const adapter = await navigator.gpu.requestAdapter(options)
    if (!adapter) return null
    const requestDevice: GPUAdapter['requestDevice'] = (wanted) => {
      devices++
      return adapter.requestDevice(wanted)
    }
    return { info: info ?? adapter.info, requestDevice } as GPUAdapter
  }
  const rate = await probeBandwidth({ gpu: { requestAdapter }, timeoutMs: 10_000 })
  return { rate, devices }
}

/** The window's answer merged with a worker's. */
export async function detectBoth(
  workerURL: string,
): Promise<{ worker: DeviceCapabilities; merged: DeviceCapabilities }> {
  const worker = new Worker(workerURL, { type: 'module' })
  try {
    const seen = await new Promise<DeviceCapabilities>((resolve, reject) => {
      worker.onmessage = (event: MessageEvent<DeviceCapabilities>) => resolve(event.data)
      worker.onerror = (event) => reject(new Error(event.message))
    })
    return { worker: seen, merged: await new CapabilityDetector().detect({ worker: async () => seen }) }
  } finally {
    worker.terminate()
  }
}

if (!('document' in globalThis)) self.postMessage(await detect())
