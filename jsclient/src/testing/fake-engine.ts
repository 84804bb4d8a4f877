/** An engine for tests. */
import type {
  Engine,
  EngineRequest,
  EngineStore,
  EngineSupport,
  LoadedModel,
  LoadOptions,
  StatusOptions,
} from '../engine/engine.ts'
import type { EngineErrorCode } from '../errors/engine-error.ts'
import { EngineError } from '../errors/engine-error.ts'
import type { ModelInfo } from '../wire.ts'
import type { FakeAnswers } from './answer.ts'
import { type EngineFault, EngineFaults } from './engine-faults.ts'
import { FakeDisk, storeOf } from './fake-disk.ts'
import { runLoad } from './fake-load.ts'
import { FakeModel } from './fake-model.ts'
import { TEXT_SUPPORT } from './fake-support.ts'

/** Options of `FakeEngine`. */
export interface FakeEngineOptions {
  /** Name on the wire, the `framework` of its models. Defaults to "fake", which is also `testModel()`'s. */
  name?: string
  /** What it answers. Defaults to "Hello from here". */
  answer?: FakeAnswers<EngineRequest>
  /** What goes wrong; `engine.faults` changes it later. Defaults to nothing. */
  faults?: readonly EngineFault[]
  /** Defaults to temperature, topP, seed and stop alone. What is given is added, or with false taken away. */
  supports?: Partial<EngineSupport>
  /** Ids of models that are on disk. Defaults to none. */
  cached?: readonly string[]
  /** Whether what it loads stays on disk, what came before an abort or a failure too. Defaults to true. */
  keepsModels?: boolean
  /** The engine, of the same name, whose disk it uses, as another tab does, or the next visit. Defaults to its own. */
  diskOf?: FakeEngine
  /** Whether it has a `store`. Defaults to `keepsModels`. */
  store?: boolean
  /** How long a load takes, ms. Defaults to 0: as long as the event loop needs. */
  loadMs?: number
  /** How often a download reports before it is complete, in equal parts and at equal times; at least 1, the default. */
  downloadSteps?: number
  /** How long a token takes, ms. Defaults to 0: a turn of the event loop. */
  tokenMs?: number
  /** As `Engine.obstacle`. Defaults to none. */
  obstacle?: () => Promise<EngineErrorCode | undefined>
  /** As `Engine.onDevice`. Defaults to true. */
  onDevice?: boolean
}

/**
 * An engine that runs nothing, answers from a script, and keeps the contract of `Engine` to the letter, unless `faults`
 * say otherwise. Like a mock server, but for a model in the page: it writes down what is asked of it. It takes its time
 * from `setTimeout`, so that a `VirtualClock` moves it. Its errors are of the classes that real engines throw. A model has
 * `sizeBytes` on its disk, and is another version with another `source`; a download that broke goes on where it did. After
 * `dispose` it can be used again.
 *
 * @example
 * const engine = new FakeEngine({
 *   answer: ({ messages }) => `You said: ${messages.at(-1)?.content}`,
 *   faults: [{ at: 'load', does: 'fail', code: 'quota_exceeded', times: 1 }],
 * })
 */
export class FakeEngine implements Engine {
  readonly name: string
  readonly supports: EngineSupport
  readonly onDevice?: boolean
  readonly store?: EngineStore
  readonly obstacle?: () => Promise<EngineErrorCode | undefined>
  /** What it answers. May be set at any time. */
  answer: FakeAnswers<EngineRequest>
  /**
   * What happened, in order: "load m", "loaded m", "abort m" (of a load), "generate m", "stop m" (however the answer
   * ended), "unload m", "dispose", with the model's id.
   */
  readonly log: string[] = []
  /** Ids of the models whose place it was asked for. */
  readonly located: string[] = []
  /** The requests that it began to answer, copied. */
  readonly requests: EngineRequest[] = []
  /** Tokens generated so far, also those that nobody read. */
  generated = 0
  /** Downloads begun so far. */
  downloads = 0
  /** Bytes downloaded so far, also by loads that failed. */
  downloadedBytes = 0

  readonly #options: FakeEngineOptions
  readonly #disk: FakeDisk
  readonly #resident = new Set<FakeModel>()
  readonly #loads = new Set<AbortController>()
  readonly #faults: EngineFaults

  constructor(options: FakeEngineOptions = {}) {
    const { diskOf } = options
    this.#options = options
    this.name = options.name ?? 'fake'
    this.supports = { ...TEXT_SUPPORT, ...options.supports }
    this.answer = options.answer ?? 'Hello from here'
    this.#faults = new EngineFaults(options.faults)
    this.#disk = diskOf ? diskOf.#disk : new FakeDisk()
    this.#disk.give(options.cached ?? [])
    if (options.store ?? options.keepsModels ?? true) this.store = storeOf(this.#disk)
    if (options.onDevice !== undefined) this.onDevice = options.onDevice
    if (options.obstacle) this.obstacle = options.obstacle
  }

  /** What goes wrong. May be set, or pushed to, at any time. */
  get faults(): EngineFault[] {
    return this.#faults.list
  }

  set faults(faults: EngineFault[]) {
    this.#faults.list = faults
  }

  /** How many models are resident. */
  get resident(): number {
    return this.#resident.size
  }

  async status(model: ModelInfo, { signal }: StatusOptions = {}): Promise<'absent' | 'cached'> {
    signal?.throwIfAborted()
    this.located.push(model.id)
    return this.#disk.find(model)?.isWhole ? 'cached' : 'absent'
  }

  async load(model: ModelInfo, { signal: given, onProgress }: LoadOptions = {}): Promise<LoadedModel> {
    given?.throwIfAborted()
    this.log.push(`load ${model.id}`)
    const ending = new AbortController()
    this.#loads.add(ending)
    const signal = given ? AbortSignal.any([given, ending.signal]) : ending.signal
    try {
      await this.#fetch(model, signal, onProgress)
    } catch (error) {
      if (signal.aborted) this.log.push(`abort ${model.id}`)
      throw error
    } finally {
      this.#loads.delete(ending)
    }
    this.log.push(`loaded ${model.id}`)
    return this.#reside(model)
  }

  async dispose(): Promise<void> {
    const error = new EngineError('the engine was disposed', { stage: 'load', code: 'not_loaded' })
    for (const load of this.#loads) load.abort(error)
    for (const loaded of this.#resident) await loaded.unload()
    this.log.push('dispose')
  }

  /** Lets it die under its models, as if the GPU's device were lost. They are gone; a load brings them back. */
  die(message = 'died on purpose'): void {
    for (const loaded of this.#resident) loaded.die(message)
    this.#resident.clear()
  }

  async #fetch(model: ModelInfo, signal: AbortSignal, onProgress: LoadOptions['onProgress']): Promise<void> {
    const { keepsModels = true, downloadSteps: steps = 1, loadMs: ms = 0 } = this.#options
    const here = keepsModels ? this.#disk.open(model) : this.#disk.find(model)
    const file = here ?? { bytes: 0, isWhole: false }
    if (!file.isWhole) this.downloads++
    const onBytes = (count: number): void => {
      this.downloadedBytes += count
    }
    const place = { engine: this.name, model, signal, die: () => this.die() }
    await runLoad({ ...place, file, faults: this.#faults, steps, ms, onProgress, onBytes })
  }

  #reside(model: ModelInfo): FakeModel {
    const onUnload = (): void => {
      this.#resident.delete(loaded)
      this.log.push(`unload ${model.id}`)
    }
    const { tokenMs = 0 } = this.#options
    const loaded = new FakeModel(model, { engine: this, faults: this.#faults, tokenMs, onUnload })
    this.#resident.add(loaded)
    return loaded
  }
}
