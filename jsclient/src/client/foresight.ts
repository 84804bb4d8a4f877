/** How fast a model will be that never ran here: looked at once, before a first download. Imported with the engines. */
import { probeBandwidth } from '../capability/bandwidth.ts'
import { bounded } from '../capability/probe.ts'
import { needsWebGPU } from '../downloads/fitness.ts'
import { PageRecord, type PageStorage } from '../page-record.ts'
import { isCount } from '../policy/validate.ts'
import type { DeviceCapabilities, ModelInfo } from '../wire.ts'

/** Options of `Foresight`. */
export interface ForesightOptions {
  /** Remembers what was seen, under "edgewise.bandwidth". Defaults to none: it is forgotten with the page. */
  storage?: PageStorage | undefined
  /** Names the device; see `deviceKey`. Defaults to one without a name. */
  device?: (() => string) | undefined
  /** What is known of the device. Defaults to nothing. */
  capabilities?: (() => DeviceCapabilities | undefined) | undefined
  /** Measures how fast the GPU reads its memory, bytes per second. Defaults to `probeBandwidth`. */
  probe?: ((options: { signal?: AbortSignal | undefined }) => Promise<number | undefined>) | undefined
  /** The clock, Unix ms. Defaults to `Date.now`. */
  now?: (() => number) | undefined
}

/** What a device was seen to do. Without a rate nothing could be seen: the next visit looks again. */
interface Seen {
  readonly device: string
  /** Unix ms. */
  readonly at: number
  readonly bytesPerSecond?: number
}

const KEY = 'edgewise.bandwidth'
const VERSION = 1

/** As long as measured speeds are believed, ms. */
const LIFE_MS = 30 * 24 * 3600 * 1000

/** The client's own probe ends after 300 ms; one of the app's is given up, ms. */
const PROBE_TIMEOUT_MS = 500

/**
 * How much faster than the probe an engine may be: twice. The probe's kernel is a plain one, and some models read only
 * part of their weights for a token. A prediction is meant to keep downloads away that would be regretted for certain.
 */
const GENEROSITY = 2

/**
 * Predicts speeds of models that run on WebGPU from how fast this GPU reads its memory. A prediction is the most that can
 * be hoped for; policies hear of it only where nothing was measured, and so it can speak against a model alone, never for
 * one. On a software adapter nobody looks: there is nothing to hope for.
 */
export class Foresight {
  readonly #record: PageRecord
  readonly #options: ForesightOptions
  #seen: Seen | undefined
  #looking: Promise<boolean> | undefined

  constructor(options: ForesightOptions) {
    this.#options = options
    this.#record = new PageRecord(options.storage, KEY, VERSION)
  }

  /** Expected decoding speed at best, thousandths of a token per second; undefined = nothing is known. */
  predict(model: ModelInfo): number | undefined {
    const { bytesPerSecond } = this.#known() ?? {}
    const { sizeBytes } = model
    if (!bytesPerSecond || !sizeBytes || !needsWebGPU(model)) return undefined
    return Math.max(1, Math.floor((GENEROSITY * 1000 * bytesPerSecond) / sizeBytes))
  }

  /**
   * Looks, if a model needs the GPU that nobody has looked at. Resolves with whether something is known now that was not
   * before. Never rejects; an abort ends the wait for all who share it.
   */
  look(model: ModelInfo, signal?: AbortSignal): Promise<boolean> {
    const { capabilities, probe = probeBandwidth } = this.#options
    const { hasWebGPU, gpu } = capabilities?.() ?? {}
    const isUseless = !hasWebGPU || gpu?.isFallbackAdapter || !needsWebGPU(model) || this.#known()
    if (isUseless || signal?.aborted) return Promise.resolve(false)
    this.#looking ??= (async () => {
      const rate = await bounded(() => probe({ signal }), { signal, timeoutMs: PROBE_TIMEOUT_MS })
      this.#looking = undefined
      if (signal?.aborted) return false
      const { device = () => '', now = Date.now } = this.#options
      const bytesPerSecond = rate && Math.round(rate)
      this.#seen = { device: device(), at: now(), ...(bytesPerSecond && { bytesPerSecond }) }
      if (bytesPerSecond) this.#record.write(this.#seen)
      return Boolean(bytesPerSecond)
    })()
    return this.#looking
  }

  #known(): Seen | undefined {
    const { device = () => '', now = Date.now } = this.#options
    const seen = this.#seen ?? asSeen(this.#record.read())
    return seen && seen.device === device() && now() - seen.at < LIFE_MS ? seen : undefined
  }
}

/** Storage may hold anything. */
function asSeen({ device, at, bytesPerSecond }: Readonly<Record<string, unknown>>): Seen | undefined {
  if (typeof device !== 'string' || !isCount(at)) return undefined
  return { device, at, ...(isCount(bytesPerSecond) && { bytesPerSecond }) }
}
