/**
 * The engines of one page, managed: one load at a time and one resident model an engine, shared loads, generations in
 * line, and what the page learns of its models. The client imports it when it first needs an engine.
 */
import { isAbortError, raceAbort } from '../errors/abort.ts'
import { EngineError } from '../errors/engine-error.ts'
import type { ModelInfo, ModelState } from '../wire.ts'
import type { Engine, EngineEvent, EngineRequest, LoadedModel, LoadProgress } from './engine.ts'
import { isBlameless, isGone, typed } from './manager-failures.ts'
import { tell } from './manager-listeners.ts'
import { ModelNotes } from './manager-models.ts'
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

/** How often one call loads a model that is taken away again before its turn. */
const MAX_TRIES = 5

export class EngineManager {
  readonly #slots: ReadonlyMap<string, Slot>
  readonly #notes: ModelNotes
  readonly #loads = new Map<string, Load>()
  readonly #listeners = new Set<() => void>()
  readonly #life = new AbortController()
  #disposed: Promise<void> | undefined

  constructor({ engines, now = Date.now }: EngineManagerOptions) {
    this.#slots = new Map(engines.map((engine) => [engine.name, { engine, queue: createQueue(), loaded: undefined }]))
    this.#notes = new ModelNotes(now)
  }

  /** The engine that runs a model. Throws an EngineError where there is none. */
  engineOf(model: ModelInfo): Engine {
    return this.#slot(model).engine
  }

  /** Asks the engines where models are. Never rejects but with the signal's reason; no answer in time means unknown. */
  async survey(models: readonly ModelInfo[], { signal }: { signal?: AbortSignal | undefined } = {}): Promise<void> {
    await Promise.all(
      models.map(async (model) => {
        const slot = this.#slots.get(model.framework)
        if (slot) await this.#locate(slot, model, signal)
      }),
    )
    signal?.throwIfAborted()
    this.#changed()
  }

  /** What the page knows of its models, for the wire: where they are, how fast they were, how often they failed. */
  states(): Record<string, ModelState> {
    return this.#notes.states()
  }

  /** Where a model is, for a UI; undefined = unknown. */
  model(id: string): ManagedModel | undefined {
    const load = this.#loads.get(id)
    if (load) return { status: 'loading', ...(load.progress && { progress: load.progress }) }
    const status = this.#notes.places.get(id)
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
    let revived = false
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
      if (loaded?.model.id === model.id) {
        if (yield* this.#run(slot, loaded, request, signal, release, revived)) return
        revived = true
      } else {
        // Another model was loaded meanwhile, or the engine died: again.
        release()
      }
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
      if (load.progress) tell([onProgress], load.progress)
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
      tell(listeners, progress)
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
      const fromDisk = this.#notes.places.get(model.id) === 'cached'
      const start = performance.now()
      const loaded = await slot.engine.load(model, { signal, onProgress })
      if (fromDisk) this.#notes.history(model.id).addLoad(performance.now() - start)
      slot.loaded = loaded
      this.#notes.places.set(model.id, 'loaded')
      void loaded.lost.then(() => this.#lose(slot, loaded))
      return loaded
    } catch (error) {
      throw this.#failure(model.id, undefined, error, signal)
    } finally {
      release()
    }
  }

  /** Runs one generation in its turn. Returns false when the model was gone before it said anything, unless `revived`. */
  async *#run(
    slot: Slot,
    loaded: LoadedModel,
    request: EngineRequest,
    signal: AbortSignal,
    release: () => void,
    revived: boolean,
  ): AsyncGenerator<EngineEvent, boolean, undefined> {
    this.#notes.begin(loaded)
    let silent = true
    try {
      const history = this.#notes.history(loaded.model.id)
      for await (const event of measured(loaded.generate(request, { signal }), history, signal, release)) {
        silent = false
        yield event
      }
      return true
    } catch (error) {
      const failure = this.#failure(loaded.model.id, loaded, error, signal)
      if (signal.aborted || !isGone(failure)) throw failure
      // Somebody else may have ended it, as by `dispose`, without a word to us.
      this.#drop(slot, loaded)
      if (silent && !revived) return false
      throw failure
    }
  }

  /** Counts a failure and gives it its type; an abort stays what it is. */
  #failure(id: string, loaded: LoadedModel | undefined, error: unknown, signal: AbortSignal): unknown {
    if (signal.aborted || isAbortError(error)) return error
    const failure = typed(error, loaded ? 'generate' : 'load')
    if (!isBlameless(failure)) this.#notes.countFailure(id, loaded)
    return failure
  }

  #lose(slot: Slot, loaded: LoadedModel): void {
    if (slot.loaded !== loaded) return
    this.#notes.countFailure(loaded.model.id, loaded)
    this.#drop(slot, loaded)
  }

  /** A model is gone. */
  #drop(slot: Slot, loaded: LoadedModel): void {
    if (slot.loaded !== loaded) return
    slot.loaded = undefined
    void loaded.unload().catch(ignore)
    this.#forget(slot, loaded.model)
  }

  /** A model is nowhere until its engine says where: it may never have been stored, or the browser may have evicted it. */
  #forget(slot: Slot, model: ModelInfo): void {
    this.#notes.places.delete(model.id)
    this.#changed()
    void this.#locate(slot, model, this.#life.signal).then(() => this.#changed())
  }

  #locate(slot: Slot, model: ModelInfo, signal: AbortSignal | undefined): Promise<void> {
    return this.#notes.locate(slot.engine, model, () => slot.loaded?.model.id === model.id, signal)
  }

  async #evict(slot: Slot): Promise<void> {
    const { loaded } = slot
    slot.loaded = undefined
    if (!loaded) return
    await loaded.unload()
    this.#forget(slot, loaded.model)
  }

  #changed(): void {
    tell(this.#listeners)
  }
}

function ignore(): void {}
