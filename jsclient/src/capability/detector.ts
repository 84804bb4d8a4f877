import { defined } from '../defined.ts'
import type { DeviceCapabilities } from '../wire.ts'
import { detectBrowser } from './browser.ts'
import { browserEnvironment, type DetectorEnvironment, type NavigatorLike } from './environment.ts'
import { detectFormFactor, type FormFactor } from './form-factor.ts'
import { gpuTier } from './gpu-tier.ts'
import { mergeDevices } from './merge.ts'
import { bounded, guarded, type ProbeOptions } from './probe.ts'
import { probeWebGL } from './webgl.ts'
import { probeWebGPU } from './webgpu.ts'

/** Options of {@link CapabilityDetector}. */
export interface CapabilityDetectorOptions {
  /** What to look at. Defaults to this window or worker. */
  environment?: DetectorEnvironment | undefined
  /** Longest wait for one probe, ms. Defaults to 2,000. */
  timeoutMs?: number | undefined
}

/** Options of {@link CapabilityDetector.detect}. */
export interface DetectOptions {
  /** Ends the wait: what is known by then is the answer. */
  signal?: AbortSignal | undefined
  /** Asks the worker that will run the model for what it sees; its answer is merged with {@link mergeDevices}. */
  worker?: ((options: { signal?: AbortSignal | undefined }) => Promise<DeviceCapabilities>) | undefined
}

/**
 * What a model may use where the browser does not say how much memory there is (Firefox, Safari), GiB. Guesses by form
 * factor: they only keep large models away from phones, whose browsers end a tab at about 1.5 GB.
 */
export const ASSUMED_RAM_GB: Readonly<Record<FormFactor, number>> = { phone: 2, tablet: 3, desktop: 4 }

/** The share of the device's memory that a model may use. */
const USABLE_MEMORY = 0.5

const MiB = 1024 * 1024

/**
 * Finds out what this device can run: GPU, memory, storage, form factor, browser. Works in a window, in a worker, and
 * in Node, where it finds next to nothing. Every probe is guarded and bounded in time; what can't be found out is
 * absent, and nothing is ever guessed but `estimatedAvailableRAMGB`. It downloads nothing and measures no speed.
 *
 * Adapters can differ between window and worker: run it in both and merge. Making the WebGL context takes the main
 * thread some milliseconds, so detect once and keep the answer.
 */
export class CapabilityDetector {
  readonly #options: CapabilityDetectorOptions

  constructor(options: CapabilityDetectorOptions = {}) {
    this.#options = options
  }

  /** Detects anew. Never rejects. */
  async detect(options: DetectOptions = {}): Promise<DeviceCapabilities> {
    const bounds: ProbeOptions = { signal: options.signal, timeoutMs: this.#options.timeoutMs }
    const [here, worker] = await Promise.all([
      detectHere(this.#options.environment ?? browserEnvironment(), bounds),
      bounded(() => options.worker?.({ signal: options.signal }), bounds),
    ])
    return worker ? mergeDevices(here, worker) : here
  }
}

async function detectHere(environment: DetectorEnvironment, bounds: ProbeOptions): Promise<DeviceCapabilities> {
  const navigator = environment.navigator
  const [{ hasWebGPU, gpu }, form, storageQuotaMB] = await Promise.all([
    probeWebGPU(navigator, bounds),
    detectFormFactor(navigator, bounds).catch(() => undefined),
    freeStorage(navigator, bounds),
  ])
  const { hasWebGL2, renderer } = probeWebGL(environment)
  const deviceMemoryGB = positive(() => navigator?.deviceMemory)
  return defined({
    hasWebGPU,
    hasWebGL2,
    hasWebNN: navigator && guarded(() => Boolean(navigator.ml)),
    gpuTier: gpuTier({ hasWebGPU, hasWebGL2, renderer, gpu }),
    gpu,
    deviceMemoryGB,
    estimatedAvailableRAMGB: deviceMemoryGB ? deviceMemoryGB * USABLE_MEMORY : form && ASSUMED_RAM_GB[form],
    ...(form && { isMobile: form === 'phone', isTablet: form === 'tablet', isDesktop: form === 'desktop' }),
    ...guarded(() => detectBrowser(navigator)),
    storageQuotaMB,
    hardwareConcurrency: positive(() => navigator?.hardwareConcurrency),
    connectionType: guarded(() => connectionType(navigator)),
    crossOriginIsolated: environment.crossOriginIsolated,
  })
}

/** MiB that the origin may still write. An estimate: browsers round it against fingerprinting, and writes may fail earlier. */
async function freeStorage(navigator: NavigatorLike | undefined, bounds: ProbeOptions): Promise<number | undefined> {
  const estimate = await bounded(() => navigator?.storage?.estimate?.(), bounds)
  if (!estimate?.quota) return undefined
  return Math.max(0, Math.floor((estimate.quota - (estimate.usage ?? 0)) / MiB))
}

function connectionType(navigator: NavigatorLike | undefined): string | undefined {
  const connection = navigator?.connection
  const type = connection?.type
  return (type !== 'unknown' && type) || connection?.effectiveType || undefined
}

function positive(read: () => number | undefined): number | undefined {
  const value = guarded(read)
  return typeof value === 'number' && value > 0 ? value : undefined
}
