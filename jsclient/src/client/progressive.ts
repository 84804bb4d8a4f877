/**
 * Progressive loading: the server answers at once, and the model that would rather have answered here is loaded while
 * nothing else goes on, so that a later turn finds it. Imported with the engines.
 */
import type { EngineManager } from '../engine/manager.ts'
import { isEngineError } from '../errors/engine-error.ts'
import type { Decision, ModelInfo, Reason } from '../wire.ts'
import type { Foresight } from './foresight.ts'
import { IdleLoad, type IdleLoadParts } from './idle-load.ts'
import type { StatusStore } from './status.ts'
import { isVisible } from './surroundings.ts'
import { whenIdle } from './when-idle.ts'

export interface ProgressiveParts extends Omit<IdleLoadParts, 'isFree' | 'isWorthIt'> {
  readonly manager: Pick<EngineManager, 'load' | 'model'>
  readonly status: Pick<StatusStore, 'get' | 'subscribe'>
  readonly foresight: Pick<Foresight, 'look'>
  /** The models that there are. */
  models(): readonly ModelInfo[]
  /** The decision on a request of no particular size, were the model on disk; undefined = nobody can say. */
  redecide(model: ModelInfo): Promise<Pick<Decision, 'reason'> | undefined>
}

/** What a download would not mend: the model is too slow here, or dearer than the server. */
const UNMENDED: readonly Reason[] = ['too_slow', 'cheaper_on_server']

/** From the end of the last request, ms: who reads an answer of a line may have asked the next question by then. */
const GRACE_MS = 2000

/**
 * How long it is left alone after a load that failed, ms; twice as long after each more. The failures count as any others,
 * so that the third takes the model out of the choice.
 */
const REST = { least: 60_000, most: 3_600_000 }

export class Progressive {
  readonly #parts: ProgressiveParts
  readonly #unsubscribe: () => void
  /** Ids of the models that nobody is asked about again. */
  readonly #declined = new Set<string>()
  #wanted: ModelInfo | undefined
  #load: IdleLoad | undefined
  #unplan: (() => void) | undefined
  #rest: ReturnType<typeof setTimeout> | undefined
  #failures = 0

  constructor(parts: ProgressiveParts) {
    this.#parts = parts
    this.#unsubscribe = parts.status.subscribe(() => this.#plan())
  }

  /** A request was decided on. Whoever answers it here loads the model for it, so only what goes elsewhere says anything. */
  decided({ target, reason, preload, modelInfo }: Decision): void {
    if (target !== 'server' || preload === undefined || this.#declined.has(preload)) return
    if (UNMENDED.includes(reason)) return
    this.#wanted = [modelInfo, ...this.#parts.models()].find((model) => model?.id === preload)
  }

  /** A request needs a model now: another one, which may hold its engine up, is left for later. */
  giveWay({ id }: ModelInfo): void {
    if (this.#load?.model.id !== id) this.#load?.giveUp()
  }

  /** The user's switch, the battery or the network may have changed. */
  recheck(): void {
    void this.#load?.recheck()
  }

  /** Forgets that a model was declined, or that any was. */
  forget(modelId?: string): void {
    if (modelId === undefined) this.#declined.clear()
    else this.#declined.delete(modelId)
  }

  /** Idempotent. */
  dispose(): void {
    this.#unsubscribe()
    this.#unplan?.()
    clearTimeout(this.#rest)
    this.#load?.giveUp()
  }

  /** Plans the load, or drops the plan, as things stand. */
  #plan(): void {
    const model = this.#wanted
    if (model && this.#isLoaded(model)) this.#wanted = undefined
    if (this.#wanted && !this.#load && this.#rest === undefined && this.#isFree(this.#wanted)) {
      this.#unplan ??= whenIdle(() => {
        this.#unplan = undefined
        if (this.#wanted) void this.#run(this.#wanted)
      }, GRACE_MS)
    } else {
      this.#unplan?.()
      this.#unplan = undefined
    }
  }

  /** Whether nothing else goes on. What is resident is good for something, too, so it doesn't have to make room. */
  #isFree({ id, framework }: ModelInfo): boolean {
    const { status, models } = this.#parts
    const rivals = models().filter((model) => model.framework === framework && model.id !== id)
    return status.get().active === 0 && isVisible() && !rivals.some((rival) => this.#isLoaded(rival))
  }

  #isLoaded({ id }: ModelInfo): boolean {
    return this.#parts.manager.model(id)?.status === 'loaded'
  }

  async #run(model: ModelInfo): Promise<void> {
    const load = new IdleLoad(model, {
      ...this.#parts,
      isFree: () => this.#isFree(model),
      isWorthIt: () => this.#isWorthIt(model, load.signal),
    })
    this.#load = load
    try {
      // What was given up is thought about again when something changes.
      if (await load.run()) this.#failures = 0
    } catch (error) {
      this.#failed(model, error)
    } finally {
      this.#load = undefined
    }
  }

  /** A first download, before which it is looked whether this device is up to the model. */
  async #isWorthIt(model: ModelInfo, signal: AbortSignal): Promise<boolean> {
    const { foresight, redecide, manager } = this.#parts
    if (manager.model(model.id)?.status !== 'absent') return true
    await foresight.look(model, signal)
    const { reason } = (await redecide(model)) ?? {}
    if (!reason || !UNMENDED.includes(reason)) return true
    this.#wanted = undefined
    return false
  }

  #failed({ id }: ModelInfo, error: unknown): void {
    if (isEngineError(error) && error.code === 'declined') {
      this.#declined.add(id)
      if (this.#wanted?.id === id) this.#wanted = undefined
      return
    }
    this.#rest = setTimeout(
      () => {
        this.#rest = undefined
        this.#plan()
      },
      Math.min(REST.least * 2 ** this.#failures++, REST.most),
    )
  }
}
