/**
 * The engines of one page, managed: one load at a time and one resident model an engine, shared loads, generations in
 * line, and what the page learns of its models. The client imports it when it first needs an engine.
 */
import { isAbortError, raceAbort } from '../errors/abort.ts'
import { EngineError, type EngineStage, isEngineError } from '../errors/engine-error.ts'
import type { ModelInfo, ModelState, ModelStatus } from '../wire.ts'
import type { Engine, EngineEvent, EngineRequest, LoadedModel, LoadProgress } from './engine.ts'
import { ModelHistory } from './manager-history.ts'
import type { EngineManagerOptions, ManagedLoadOptions, ManagedModel } from './manager-options.ts'
import { measured } from './manager-run.ts'
import { createQueue, type Queue } from './queue.ts'

/** An engine, its line, and the model that is resident in it. */
interface Slot {
  readonly engine: Engine
  readonly queue: Queue
  loaded: LoadedModel | undefined
}

/** A load that callers share. It is aborted when the last of them has gone. */
interface Load {
  readonly promise: Promise<LoadedModel>
  readonly controller: AbortController
  readonly listeners: Set<(progress: LoadProgress) => void>
  waiters: number
  progress: LoadProgress | undefined
  settled: boolean
}

/** Longest wait for an engine to say where a model is, ms; after that it is unknown. */
const STATUS_TIMEOUT_MS = 3000

/** How often one call loads a model that is taken away again before its turn. */
const MAX_TRIES = 5

/** Failures that say nothing about the health of a model on this device. */
const BLAMELESS: ReadonlySet<string> = new Set(['unsupported', 'context_length_exceeded', 'not_loaded'])

export class EngineManager {
  readonly #slots: ReadonlyMap<string, Slot>
  readonly #now: () => number
  readonly #loads = new Map<string, Load>()
  readonly #places = new Map<string, ModelStatus>()
  readonly #histories = new Map<string, ModelHistory>()
  /** Models whose present failure was counted: a loss and the call that it breaks are one failure. */
  readonly #counted = new WeakSet<LoadedModel>()
  readonly #listeners = new Set<() => void>()
  readonly #life = new AbortController()
  #disposed: Promise<void> | undefined

  constructor({ engines, now = Date.now }: EngineManagerOptions) {
    this.#slots = new Map(engines.map((engine) => [engine.name, { engine, queue: createQueue(), loaded: undefined }]))
    this.#now = now
  }

  /** Asks the engines where models are. Never rejects but with the signal's reason; no answer in time means unknown. */
  async survey(models: readonly ModelInfo[], { signal }: { signal?: AbortSignal | undefined } = {}): Promise<void> {
    const timeout = AbortSignal.timeout(STATUS_TIMEOUT_MS)
    const bounds = signal ? AbortSignal.any([signal, timeout]) : timeout
    await Promise.all(
      models.map(async (model) => {
        const slot = this.#slots.get(model.framework)
        if (!slot || slot.loaded?.model.id === model.id) return
        const status = await raceAbort(slot.engine.status(model, { signal: bounds }), bounds).catch(() => undefined)
        if (status && slot.loaded?.model.id !== model.id) this.#places.set(model.id, status)
      }),
    )
    signal?.throwIfAborted()
    this.#changed()
  }

  /** What the page knows of its models, for the wire: where they are, how fast they were, how often they failed. */
  states(): Record<string, ModelState> {
    const states: Record<string, ModelState> = {}
    for (const [id, status] of this.#places) states[id] = { status, ...this.#histories.get(id)?.state(this.#now()) }
    return states
  }

  /** Where a model is, for a UI; undefined = unknown. */
  model(id: string): ManagedModel | undefined {
    const load = this.#loads.get(id)
    if (load) return { status: 'loading', ...(load.progress && { progress: load.progress }) }
    const status = this.#places.get(id)
    return status && { status }
  }

  /** Calls the listener after every change of a model's status or progress. The function returned takes it away. */
  subscribe(listener: () => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  /**
   * Makes a model resident, and whatever else its engine holds goes. Callers of the same model share one load, which goes
   * on until the last of them aborts. Rejects with the signal's reason or an EngineError.
   */
  async load(model: ModelInfo, options: ManagedLoadOptions = {}): Promise<void> {
    await this.#join(this.#slot(model), model, options)
  }

  /**
   * Loads the model if need be and generates, one at a time an engine. As `LoadedModel.generate`; what an engine throws
   * that is neither an EngineError nor the abort becomes an EngineError.
   */
  async *generate(
    model: ModelInfo,
    request: EngineRequest,
    options: ManagedLoadOptions = {},
  ): AsyncGenerator<EngineEvent, void, undefined> {
    const slot = this.#slot(model)
    const signal = this.#bounded(options.signal)
    for (let tries = 0; tries < MAX_TRIES; tries++) {
      const loading = this.#join(slot, model, { ...options, signal })
      // Right behind the load, so that no other model gets between.
      const turn = slot.queue.acquire(signal)
      turn.catch(() => {})
      let release: () => void
      try {
        await loading
        release = await turn
      } catch (error) {
        void turn.then((end) => end(), ignore)
        throw error
      }
      const loaded = slot.loaded
      if (loaded?.model.id === model.id) return yield* this.#run(loaded, request, signal, release)
      // Another model was loaded meanwhile, or the engine died: again.
      release()
    }
    throw new EngineError(`${model.id} does not stay loaded`, { stage: 'generate', code: 'not_loaded' })
  }

  /** Frees a model once what it generates has ended. */
  async unload(id: string): Promise<void> {
    for (const slot of this.#slots.values()) {
      const release = await slot.queue.acquire(this.#life.signal)
      try {
        if (slot.loaded?.model.id === id) await this.#evict(slot)
      } finally {
        release()
      }
    }
  }

  /** Aborts loads, fails what is generated and ends the engines. Idempotent; never rejects. */
  dispose(): Promise<void> {
    this.#disposed ??= (async () => {
      this.#life.abort(new EngineError('the engines were disposed', { stage: 'load', code: 'not_loaded' }))
      await Promise.all([...this.#slots.values()].map(({ engine }) => engine.dispose().catch(ignore)))
      for (const slot of this.#slots.values()) slot.loaded = undefined
      this.#listeners.clear()
    })()
    return this.#disposed
  }

  #slot(model: ModelInfo): Slot {
    this.#life.signal.throwIfAborted()
    const slot = this.#slots.get(model.framework)
    if (slot) return slot
    const message = `${model.id} needs the engine "${model.framework}". Pass it in \`engines\`.`
    throw new EngineError(message, { stage: 'load', code: 'misconfigured' })
  }

  #bounded(signal: AbortSignal | undefined): AbortSignal {
    return signal ? AbortSignal.any([signal, this.#life.signal]) : this.#life.signal
  }

  /** Waits for the model, in company. */
  async #join(slot: Slot, model: ModelInfo, { signal, onProgress }: ManagedLoadOptions): Promise<LoadedModel> {
    signal?.throwIfAborted()
    const running = this.#loads.get(model.id)
    if (!running && slot.loaded?.model.id === model.id) return slot.loaded
    const load = running && !running.controller.signal.aborted ? running : this.#start(slot, model)
    load.waiters++
    if (onProgress) {
      load.listeners.add(onProgress)
      if (load.progress) onProgress(load.progress)
    }
    try {
      return await raceAbort(load.promise, this.#bounded(signal))
    } finally {
      if (onProgress) load.listeners.delete(onProgress)
      if (--load.waiters === 0 && !load.settled) load.controller.abort()
    }
  }

  #start(slot: Slot, model: ModelInfo): Load {
    const controller = new AbortController()
    const signal = this.#bounded(controller.signal)
    const listeners: Load['listeners'] = new Set()
    const onProgress = (progress: LoadProgress): void => {
      load.progress = progress
      for (const listener of listeners) listener(progress)
      this.#changed()
    }
    const promise = this.#load(slot, model, signal, onProgress).finally(() => {
      load.settled = true
      if (this.#loads.get(model.id) === load) this.#loads.delete(model.id)
      this.#changed()
    })
    promise.catch(ignore)
    const load: Load = { promise, controller, listeners, waiters: 0, progress: undefined, settled: false }
    this.#loads.set(model.id, load)
    this.#changed()
    return load
  }

  async #load(
    slot: Slot,
    model: ModelInfo,
    signal: AbortSignal,
    onProgress: (progress: LoadProgress) => void,
  ): Promise<LoadedModel> {
    const release = await slot.queue.acquire(signal)
    try {
      if (slot.loaded?.model.id === model.id) return slot.loaded
      await this.#evict(slot)
      const fromDisk = this.#places.get(model.id) === 'cached'
      const start = performance.now()
      const loaded = await slot.engine.load(model, { signal, onProgress })
      if (fromDisk) this.#history(model.id).addLoad(performance.now() - start)
      slot.loaded = loaded
      this.#places.set(model.id, 'loaded')
      void loaded.lost.then(() => this.#lose(slot, loaded))
      return loaded
    } catch (error) {
      throw this.#failure(model.id, undefined, error, signal)
    } finally {
      release()
    }
  }

  /** Runs one generation in its turn. */
  async *#run(
    loaded: LoadedModel,
    request: EngineRequest,
    signal: AbortSignal,
    release: () => void,
  ): AsyncGenerator<EngineEvent, void, undefined> {
    this.#counted.delete(loaded)
    try {
      yield* measured(loaded.generate(request, { signal }), this.#history(loaded.model.id), signal, release)
    } catch (error) {
      throw this.#failure(loaded.model.id, loaded, error, signal)
    }
  }

  /** Counts a failure and gives it its type; an abort stays what it is. */
  #failure(id: string, loaded: LoadedModel | undefined, error: unknown, signal: AbortSignal): unknown {
    if (signal.aborted || isAbortError(error)) return error
    const typed = isEngineError(error) ? error : untyped(error, loaded ? 'generate' : 'load')
    if (!BLAMELESS.has(typed.code)) this.#count(id, loaded)
    return typed
  }

  #count(id: string, loaded: LoadedModel | undefined): void {
    if (loaded && this.#counted.has(loaded)) return
    if (loaded) this.#counted.add(loaded)
    // Nobody said where it is; without a place its failures would go unheard.
    if (!this.#places.has(id)) this.#places.set(id, 'absent')
    this.#history(id).addFailure(this.#now())
  }

  #lose(slot: Slot, loaded: LoadedModel): void {
    if (slot.loaded !== loaded) return
    this.#count(loaded.model.id, loaded)
    slot.loaded = undefined
    this.#places.set(loaded.model.id, 'cached')
    void loaded.unload()
    this.#changed()
  }

  async #evict(slot: Slot): Promise<void> {
    const { loaded } = slot
    slot.loaded = undefined
    if (!loaded) return
    await loaded.unload()
    this.#places.set(loaded.model.id, 'cached')
    this.#changed()
  }

  #history(id: string): ModelHistory {
    const history = this.#histories.get(id) ?? new ModelHistory()
    this.#histories.set(id, history)
    return history
  }

  #changed(): void {
    for (const listener of this.#listeners) listener()
  }
}

/** What a plug-in threw against its contract. */
function untyped(cause: unknown, stage: EngineStage): EngineError {
  const code = stage === 'load' ? 'load_failed' : 'generate_failed'
  return new EngineError(cause instanceof Error ? cause.message : String(cause), { stage, code, cause })
}

function ignore(): void {}
