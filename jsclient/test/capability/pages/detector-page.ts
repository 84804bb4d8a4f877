/** Runs in the page, and as a worker: what the detector sees there. */
import { CapabilityDetector } from '../../../src/capability/detector.ts'
import { detectState } from '../../../src/capability/state.ts'
import type { DeviceCapabilities, State } from '../../../src/wire.ts'

export const detect = (): Promise<DeviceCapabilities> => new CapabilityDetector().detect()

export const state = (): Promise<State> => detectState()

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
