/** One engine of a page: its line, the model that is resident in it, and what becomes of that. */
import { isAbortError } from '../errors/abort.ts'
import type { ModelInfo } from '../wire.ts'
import { NO_MARK } from './crash-marker.ts'
import type { Engine, EngineEvent, EngineRequest, LoadedModel, LoadProgress } from './engine.ts'
import type { Health } from './health.ts'
import type { Subject } from './health-records.ts'
import type { LoadGate, LoadPass } from './load-gate.ts'
import { isBlameless, isGone, typed } from './manager-failures.ts'
import type { SharedLoad } from './manager-load.ts'
import type { ModelNotes } from './manager-models.ts'
import type { ManagedLoadOptions } from './manager-options.ts'
import { measured } from './manager-run.ts'
import { createQueue, type Queue } from './queue.ts'

/** What the lanes of a page share. */
export interface LaneContext {
  readonly gate: LoadGate
  readonly health: Health
  readonly notes: ModelNotes
  /** Aborts when the engines are disposed. */
  readonly life: AbortSignal
  /** Called after every change of a model's status or progress. */
  onChange(): void
}

/** A resident model. */
interface Resident {
  readonly loaded: LoadedModel
  readonly pass: LoadPass
  /** It has generated a token: the memory that answers take was there. */
  proven: boolean
  /** Its present failure was counted: a loss and the call that it breaks are one failure. */
  blamed: boolean
}

/** A generation whose turn has come. */
export interface Turn {
  readonly signal: AbortSignal
  /** Ends the turn. */
  readonly release: () => void
  /** The model died under this request once before. */
  readonly revived: boolean
}

export class Lane {
  readonly engine: Engine
  readonly queue: Queue = createQueue()
  readonly #context: LaneContext
  #resident: Resident | undefined

  constructor(engine: Engine, context: LaneContext) {
    this.engine = engine
    this.#context = context
  }

  /** Whether the model is resident. */
  holds(id: string): boolean {
    return this.#resident?.loaded.model.id === id
  }

  /** Makes the model resident, in its turn, once the gate lets it pass. Rejects with the signal's reason or an EngineError. */
  async load(model: ModelInfo, options: ManagedLoadOptions, load: SharedLoad): Promise<void> {
    const pass = await this.#enter(model, options, load)
    try {
      const turn = this.queue.acquire(load.signal)
      load.queued()
      const release = await turn
      try {
        if (this.holds(model.id)) pass.end()
        else await this.#replace(model, pass, load)
      } finally {
        release()
      }
    } catch (error) {
      pass.end()
      throw error
    }
  }

  /** Waits at the gate, while what is resident goes on answering. What fails there is not the model's fault. */
  async #enter(model: ModelInfo, options: ManagedLoadOptions, load: SharedLoad): Promise<LoadPass> {
    const { purpose = 'preload', consented = false } = options
    const { signal } = load
    const onProgress = this.#reporter(load)
    try {
      const pass = await this.#context.gate.enter(this.engine, model, { purpose, consented, signal, onProgress })
      // Another tab has downloaded it meanwhile.
      if (load.progress) await this.locate(model, signal)
      return pass
    } catch (error) {
      throw signal.aborted || isAbortError(error) ? error : typed(error, 'load')
    }
  }

  /** Loads the model in the place of what is resident. */
  async #replace(model: ModelInfo, pass: LoadPass, load: SharedLoad): Promise<void> {
    const { health, notes, life } = this.#context
    const { signal } = load
    const mark = await health.mark(this.#subject(model))
    try {
      await this.#evict()
      const fromDisk = notes.places.get(model.id) === 'cached'
      mark.set(fromDisk)
      const report = this.#reporter(load)
      const onProgress = (progress: LoadProgress): void => {
        mark.set(progress.stage === 'load')
        pass.progress(progress)
        report(progress)
      }
      const start = performance.now()
      const loaded = await this.engine.load(model, { signal, onProgress })
      life.throwIfAborted()
      if (fromDisk) notes.learn(model, { loadMs: performance.now() - start })
      this.#reside({ loaded, pass, proven: false, blamed: false })
    } catch (error) {
      throw this.#failure(model, undefined, error, signal)
    } finally {
      mark.end()
    }
  }

  #reporter(load: SharedLoad): (progress: LoadProgress) => void {
    return (progress) => {
      load.report(progress)
      this.#context.onChange()
    }
  }

  #reside(resident: Resident): void {
    const { loaded, pass } = resident
    this.#resident = resident
    this.#context.notes.places.set(loaded.model.id, 'loaded')
    pass.loaded()
    void loaded.lost.then(() => {
      if (this.#resident !== resident) return
      this.#blame(loaded.model, resident)
      this.#drop(resident)
    })
  }

  /** Runs one generation. Returns false when the model was gone before it said anything: it may be loaded once more. */
  async *run(
    model: ModelInfo,
    request: EngineRequest,
    { signal, release, revived }: Turn,
  ): AsyncGenerator<EngineEvent, boolean, undefined> {
    const resident = this.#resident
    if (resident?.loaded.model.id !== model.id) {
      release()
      return false
    }
    const { health, notes } = this.#context
    const { loaded } = resident
    resident.blamed = false
    // Much of the memory is taken only by the first answer; later ones find it taken.
    const mark = resident.proven ? NO_MARK : await health.mark(this.#subject(model))
    mark.set(true)
    let silent = true
    try {
      const generate = () => loaded.generate(request, { signal })
      for await (const event of measured(generate, (speeds) => notes.learn(model, speeds), signal, release)) {
        silent = false
        if (event.type === 'done' || event.tokens > 0) {
          resident.proven = true
          mark.end()
        }
        if (event.type === 'done') health.answered(this.#subject(model))
        yield event
      }
      return true
    } catch (error) {
      const failure = this.#failure(model, resident, error, signal)
      if (signal.aborted || !isGone(failure)) throw failure
      // Somebody else may have ended it, as by `dispose`, without a word to us.
      this.#drop(resident)
      if (silent && !revived) return false
      throw failure
    } finally {
      mark.end()
    }
  }

  /** Frees the model, if it is the one that is resident, once what it generates has ended. */
  async unload(id: string, signal: AbortSignal): Promise<void> {
    if (!this.holds(id)) return
    const release = await this.queue.acquire(signal)
    try {
      if (this.holds(id)) await this.#evict()
    } finally {
      release()
    }
  }

  /** Asks the engine where a model is that is not resident. Never rejects. */
  locate(model: ModelInfo, signal?: AbortSignal): Promise<void> {
    return this.#context.notes.locate(this.engine, model, () => this.holds(model.id), signal)
  }

  /** Ends the engine. Never rejects. */
  async dispose(): Promise<void> {
    await this.engine.dispose().catch(() => {})
    this.#takeOut()
  }

  /** Counts a failure and gives it its type; an abort stays what it is. */
  #failure(model: ModelInfo, resident: Resident | undefined, error: unknown, signal: AbortSignal): unknown {
    if (signal.aborted || isAbortError(error)) return error
    const failure = typed(error, resident ? 'generate' : 'load')
    if (!isBlameless(failure)) this.#blame(model, resident)
    return failure
  }

  #blame(model: ModelInfo, resident: Resident | undefined): void {
    if (resident?.blamed) return
    if (resident) resident.blamed = true
    this.#context.health.failed(this.#subject(model))
  }

  /** A model is gone. */
  #drop(resident: Resident): void {
    if (this.#resident !== resident) return
    void this.#takeOut()
      ?.unload()
      .catch(() => {})
    this.#forget(resident.loaded.model)
  }

  async #evict(): Promise<void> {
    const loaded = this.#takeOut()
    if (!loaded) return
    await loaded.unload()
    this.#forget(loaded.model)
  }

  /** What is no longer resident is the caller's to unload. */
  #takeOut(): LoadedModel | undefined {
    const resident = this.#resident
    this.#resident = undefined
    resident?.pass.end()
    return resident?.loaded
  }

  /** A model is nowhere until its engine says where: it may never have been stored, or the browser may have evicted it. */
  #forget(model: ModelInfo): void {
    const { notes, life, onChange } = this.#context
    notes.places.delete(model.id)
    onChange()
    void this.locate(model, life).then(onChange)
  }

  #subject({ id }: ModelInfo): Subject {
    return { engine: this.engine.name, model: id }
  }
}
