import { defined } from '../defined.ts'
import type { DeviceCapabilities } from '../wire.ts'

/**
 * One description out of what the window and the engine's worker saw. The model runs in the worker, so the worker's
 * adapter, WebNN and isolation win; all else is the window's, which sees the touch screen and the GPU's name, and is
 * filled up from the worker. What the worker could not find out leaves the window's word.
 */
export function mergeDevices(window: DeviceCapabilities, worker: DeviceCapabilities): DeviceCapabilities {
  const { hasWebGPU, gpu } = worker.hasWebGPU === undefined ? window : worker
  // The window's tier comes from the GPU's own name, which is finer, unless the worker runs on another adapter.
  const same = gpu?.vendor === window.gpu?.vendor && gpu?.architecture === window.gpu?.architecture
  const [first, second] = same ? [window, worker] : [worker, window]
  return defined({
    ...worker,
    ...window,
    hasWebGPU,
    gpu,
    gpuTier: first.gpuTier ?? second.gpuTier,
    hasWebNN: worker.hasWebNN ?? window.hasWebNN,
    crossOriginIsolated: worker.crossOriginIsolated ?? window.crossOriginIsolated,
  })
}
