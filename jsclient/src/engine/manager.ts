/**
 * The engines of one page, managed: one load at a time and one resident model an engine, shared loads, generations in
 * line, and what the page learns of its models. The client imports it when it first needs an engine.
 */
import { raceAbort } from '../errors/abort.ts'
import { EngineError } from '../errors/engine-error.ts'
import type { ModelInfo, ModelState } from '../wire.ts'
import type { Engine, EngineEvent, EngineRequest } from './engine.ts'
import { Health } from './health.ts'
import { OPEN_GATE } from './load-gate.ts'
import { isDeclined } from './manager-failures.ts'
import { Lane } from './manager-lane.ts'
import { tell } from './manager-listeners.ts'
import { type LoadWaiter, SharedLoad } from './manager-load.ts'
import { ModelNotes } from './manager-models.ts'
import type { EngineManagerOptions, ManagedLoadOptions, ManagedModel } from './manager-options.ts'
import { SpeedRecords } from './speed-records.ts'

/** How often one call loads a model that is taken away again before its turn. */
const MAX_TRIES = 5

export class EngineManager {
  /** Settles when crashes of earlier visits were looked for: until then `states` doesn't tell of them. Never rejects. */
  readonly ready: Promise<void>
  readonly #lanes: ReadonlyMap<string, Lane>
  readonly #health: Health
  readonly #notes: ModelNotes
  readonly #loads = new Map<string, SharedLoad>()
  readonly #listeners = new Set<() => void>()
  readonly #life = new AbortController()
  readonly #onChange = (): void => tell(this.#listeners)
  #disposed: Promise<void> | undefined

  constructor({ engines, now, gate = OPEN_GATE, health: options, speeds, predict }: EngineManagerOptions) {
    this.#notes = new ModelNotes(new SpeedRecords({ ...speeds, now }), predict)
    const health = new Health({ ...options, now })
    const context = { gate, health, notes: this.#notes, life: this.#life.signal, onChange: this.#onChange }
    this.#lanes = new Map(engines.map((engine) => [engine.name, new Lane(engine, context)]))
    this.#health = health
    this.ready = health.ready
  }

  /** The engine that runs a model. Throws an EngineError where there is none. */
  engineOf(model: ModelInfo): Engine {
    return this.#lane(model).engine
  }

  /** Asks the engines where models are. Never rejects but with the signal's reason; no answer in time means unknown. */
  async survey(models: readonly ModelInfo[], { signal }: { signal?: AbortSignal | undefined } = {}): Promise<void> {
    await Promise.all([
      this.ready,
      ...models.map(async (model) => {
        this.#notes.meet(model)
        await this.#lanes.get(model.framework)?.locate(model, signal)
      }),
    ])
    signal?.throwIfAborted()
    this.#onChange()
  }

  /** What the page knows of its models, for the wire: where they are, how fast they were, how often they failed. */
  states(): Record<string, ModelState> {
    return this.#notes.states(this.#health, this.#lanes)
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
    const { onProgress, signal } = options
    const waiter = { signal: this.#bounded(signal), onProgress, onQueued: ignore }
    await this.#join(this.#lane(model), model, options, waiter)
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
    const lane = this.#lane(model)
    const signal = this.#bounded(options.signal)
    let revived = false
    for (let tries = 0; tries < MAX_TRIES; tries++) {
      const release = await this.#turn(lane, model, options, signal)
      const wasHere = lane.holds(model.id)
      if (yield* lane.run(model, request, { signal, release, revived })) return
      // The engine died; or another model was loaded meanwhile. Again.
      revived ||= wasHere
    }
    throw new EngineError(`${model.id} does not stay loaded`, { stage: 'generate', code: 'not_loaded' })
  }

  /** Forgets how often a model has failed, or all of them: it may be chosen again. */
  forgetFailures(id?: string): void {
    this.#health.forget(id)
    this.#onChange()
  }

  /**
   * Gives up the load of a model, for all who wait for it, or frees the model once what it generates has ended. Waits for
   * no other engine. Rejects with the signal's reason; a load that it gave up by then stays given up.
   */
  async unload(id: string, { signal }: { signal?: AbortSignal | undefined } = {}): Promise<void> {
    const bounds = this.#bounded(signal)
    bounds.throwIfAborted()
    const reason = new EngineError(`${id} was unloaded`, { stage: 'load', code: 'not_loaded' })
    await raceAbort(this.#loads.get(id)?.cancel(reason) ?? Promise.resolve(), bounds)
    for (const lane of this.#lanes.values()) await lane.unload(id, bounds)
  }

  /** Aborts loads, fails what is generated and ends the engines. Idempotent; never rejects. */
  dispose(): Promise<void> {
    this.#disposed ??= (async () => {
      this.#life.abort(new EngineError('the engines were disposed', { stage: 'load', code: 'not_loaded' }))
      await Promise.all([...this.#lanes.values()].map((lane) => lane.dispose()))
      this.#listeners.clear()
    })()
    return this.#disposed
  }

  #lane(model: ModelInfo): Lane {
    this.#life.signal.throwIfAborted()
    this.#notes.meet(model)
    const lane = this.#lanes.get(model.framework)
    if (lane) return lane
    const message = `${model.id} needs the engine "${model.framework}". Pass it in \`engines\`.`
    throw new EngineError(message, { stage: 'load', code: 'misconfigured' })
  }

  #bounded(signal: AbortSignal | undefined): AbortSignal {
    return signal ? AbortSignal.any([signal, this.#life.signal]) : this.#life.signal
  }

  /** Makes the model resident and waits for the turn right behind its load, so that no other model gets between. */
  async #turn(
    lane: Lane,
    model: ModelInfo,
    { onProgress, purpose = 'request', consented }: ManagedLoadOptions,
    signal: AbortSignal,
  ): Promise<() => void> {
    let onQueued = ignore
    const turn = new Promise<() => void>((resolve) => {
      onQueued = () => resolve(lane.queue.acquire(signal))
    })
    turn.catch(ignore)
    try {
      await this.#join(lane, model, { purpose, consented }, { signal, onProgress, onQueued })
      return await turn
    } catch (error) {
      void turn.then((release) => release(), ignore)
      throw error
    }
  }

  /** Waits for the model, in company. */
  async #join(lane: Lane, model: ModelInfo, options: ManagedLoadOptions, waiter: LoadWaiter): Promise<void> {
    waiter.signal.throwIfAborted()
    const running = this.#loads.get(model.id)
    if (!running && lane.holds(model.id)) return waiter.onQueued()
    const load = running && !running.signal.aborted ? running : this.#start(lane, model, options)
    try {
      await load.join(waiter)
    } catch (error) {
      if (!isDeclined(error) || !load.isBelow(options)) throw error
      await this.#join(lane, model, options, waiter)
    }
  }

  #start(lane: Lane, model: ModelInfo, options: ManagedLoadOptions): SharedLoad {
    const load = new SharedLoad(options, this.#life.signal, async () => {
      try {
        await lane.load(model, options, load)
      } finally {
        if (this.#loads.get(model.id) === load) this.#loads.delete(model.id)
        this.#onChange()
      }
    })
    this.#loads.set(model.id, load)
    this.#onChange()
    return load
  }
}

function ignore(): void {}
