/**
 * Downloads with manners: nobody's data is spent unasked, no model is fetched twice at once, and no files are removed that
 * somebody uses. It stands before every load, and keeps the list of what is stored. The client imports it with the engines.
 */
import { bounded } from '../capability/probe.ts'
import type { Engine, EngineStore } from '../engine/engine.ts'
import type { LoadGate, LoadPass, LoadRequest } from '../engine/load-gate.ts'
import { raceAbort } from '../errors/abort.ts'
import { EngineError } from '../errors/engine-error.ts'
import { startTimeout } from '../timeout.ts'
import type { DeviceCapabilities, ModelInfo } from '../wire.ts'
import { Consent, type ConsentOptions } from './consent.ts'
import { joinDownload, type OwnDownload } from './cross-tab.ts'
import { requireFitness } from './fitness.ts'
import { Library, type Removed } from './library.ts'
import { type SharedNames, sharedNames } from './lock-names.ts'
import type { StoredModel } from './offer.ts'
import { askToPersist } from './persistence.ts'
import type { Use } from './use.ts'
import { Uses } from './uses.ts'

/** Options of `Downloads`. */
export interface DownloadsOptions extends ConsentOptions {
  /** Whose files it manages; at most one of a name. */
  engines: readonly Engine[]
  /** What is known of the device. Defaults to nothing. */
  capabilities?: (() => DeviceCapabilities | undefined) | undefined
  /**
   * Longest silence of a tab that downloads a model, ms, before another tab that waits for it downloads it itself. 0 = no
   * silence is too long. Defaults to 30,000: engines report every chunk, and a connection that brings none for so long is
   * as good as dead; a tab that is busy compiling for longer has the files on disk, which is looked at first. Clients
   * leave it at that; it is an option so that tests in real time need not wait so long.
   */
  followStallMs?: number | undefined
}

/** Options of `stored`, `remove` and `removeAll`. */
export interface LibraryOptions {
  signal?: AbortSignal | undefined
}

/** Longest wait for an engine to say where a model is, or how much is missing, ms: it may have to ask a server. */
const ENGINE_TIMEOUT_MS = 5000
/** Longest wait for a tab that is removing the model's files, ms. It may have been frozen meanwhile. */
const USE_TIMEOUT_MS = 5000
/** Longest time for old files to be removed, ms: other tabs wait before they load the model. */
const TIDY_TIMEOUT_MS = 30_000

export class Downloads implements LoadGate {
  readonly #consent: Consent
  readonly #capabilities: () => DeviceCapabilities | undefined
  readonly #followStallMs: number
  readonly #library: Library
  readonly #uses = new Uses()
  readonly #own = new Set<OwnDownload>()
  readonly #life = new AbortController()
  #askedToPersist = false

  constructor({ engines, capabilities = () => undefined, followStallMs = 30_000, ...consent }: DownloadsOptions) {
    this.#capabilities = capabilities
    this.#consent = new Consent(consent)
    this.#followStallMs = followStallMs
    this.#library = new Library(engines, this.#uses, (id) => this.#consent.forget(id))
  }

  /**
   * As `LoadGate.enter`. EngineError "declined" or "metered_network" when the model may not be downloaded, "no_webgpu" or
   * "insufficient_gpu" when it could not run here, which is looked at before anybody is asked or paid. Nobody is asked
   * about a model that is on disk, though its engine fetches a file again that turns out not to fit its checksum.
   */
  async enter(engine: Engine, model: ModelInfo, request: LoadRequest): Promise<LoadPass> {
    const signal = this.#bounded(request.signal)
    signal.throwIfAborted()
    const names = sharedNames(engine, model)
    const use = this.#uses.begin(names.use)
    try {
      await bounded(() => use.begun, { signal, timeoutMs: USE_TIMEOUT_MS })
      const { purpose, consented } = request
      const onProgress: LoadRequest['onProgress'] = (progress) => request.onProgress(progress)
      const download = await this.#permit(engine, model, names, { purpose, consented, signal, onProgress })
      return this.#pass(engine, model, use, download)
    } catch (error) {
      this.#uses.end(use)
      throw error
    }
  }

  /** The models that have files here, and what they take. What can't be read is left out. Rejects with the signal's reason. */
  stored(models: readonly ModelInfo[], { signal }: LibraryOptions = {}): Promise<StoredModel[]> {
    return this.#library.stored(models, this.#bounded(signal))
  }

  /**
   * Removes a model's files, and forgets that the user wanted it. Unload it first. InvalidRequestError "in_use" when this
   * tab or another one uses or loads it, "unsupported" when its engine keeps files that can't be reached.
   */
  remove(model: ModelInfo, { signal }: LibraryOptions = {}): Promise<void> {
    return this.#library.remove(model, this.#bounded(signal))
  }

  /** As `remove`, for all models that have files here. Those in use are kept. Rejects with the signal's reason. */
  removeAll(models: readonly ModelInfo[], { signal }: LibraryOptions = {}): Promise<Removed> {
    return this.#library.removeAll(models, this.#bounded(signal))
  }

  /** Forgets what the user answered for a model, or for all of them. */
  forget(modelId?: string): void {
    this.#consent.forget(modelId)
  }

  /** Closes what is offered, ends what waits, and lets go of all that other tabs could wait for. Idempotent. */
  dispose(): void {
    this.#life.abort(new EngineError('the downloads were disposed', { stage: 'load', code: 'not_loaded' }))
    for (const download of this.#own) download.end()
    this.#own.clear()
    this.#uses.endAll()
  }

  #bounded(signal: AbortSignal | undefined): AbortSignal {
    return signal ? AbortSignal.any([signal, this.#life.signal]) : this.#life.signal
  }

  /** Resolves when the model may be loaded: with the download that takes, or undefined when it is on disk. */
  async #permit(
    engine: Engine,
    model: ModelInfo,
    names: SharedNames,
    request: LoadRequest,
  ): Promise<OwnDownload | undefined> {
    const { signal, onProgress } = request
    const isHere = () => this.#isHere(engine, model, signal)
    if (await isHere()) return undefined
    requireFitness(model, this.#capabilities() ?? {})
    const bytes = await this.#missingBytes(engine, model, request)
    if (bytes === 0) return undefined
    await this.#consent.require(model, bytes, request)
    if (!this.#askedToPersist) askToPersist()
    this.#askedToPersist = true
    return joinDownload(names, { stallMs: this.#followStallMs, isHere, onProgress, signal })
  }

  async #isHere(engine: Engine, model: ModelInfo, signal: AbortSignal): Promise<boolean> {
    const status = await bounded(async () => engine.status(model, { signal }), {
      signal,
      timeoutMs: ENGINE_TIMEOUT_MS,
    })
    signal.throwIfAborted()
    return status === 'cached'
  }

  /** What the engine says, which asks servers; where nobody is to be told, what the registry says. */
  async #missingBytes(
    { store }: Engine,
    model: ModelInfo,
    { signal, consented }: LoadRequest,
  ): Promise<number | undefined> {
    const known = model.sizeBytes || undefined
    if (consented || !this.#consent.asks) return known
    const missing = await bounded(async () => store?.missingBytes(model, { signal }), {
      signal,
      timeoutMs: ENGINE_TIMEOUT_MS,
    })
    signal.throwIfAborted()
    return missing ?? known
  }

  #pass({ store }: Engine, model: ModelInfo, use: Use, download: OwnDownload | undefined): LoadPass {
    if (download) this.#own.add(download)
    const endDownload = (): void => {
      download?.end()
      if (download) this.#own.delete(download)
    }
    return {
      progress: (progress) => download?.tell(progress),
      loaded: () => {
        endDownload()
        if (store) use.alone(() => this.#tidy(store, model))
      },
      end: () => {
        endDownload()
        this.#uses.end(use)
      },
    }
  }

  async #tidy(store: EngineStore, model: ModelInfo): Promise<void> {
    const timeout = startTimeout(TIDY_TIMEOUT_MS)
    const signal = this.#bounded(timeout.signal)
    try {
      await raceAbort(store.removeOld(model, { signal }), signal)
    } finally {
      timeout.clear()
    }
  }
}
