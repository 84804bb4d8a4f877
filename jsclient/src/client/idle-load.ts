import type { EngineManager } from '../engine/manager.ts'
import { DEFAULT_MIN_LEVEL_PERMILLE } from '../policy/policies/battery.ts'
import type { ModelInfo, State } from '../wire.ts'

export interface IdleLoadParts {
  readonly manager: Pick<EngineManager, 'load'>
  /** What the page knows, now. Must not reject. */
  state(): Promise<State>
  /** Failures that make a model an unhealthy one. */
  maxFailures(): number
  /** Whether nothing else goes on. */
  isFree(): boolean
  /** Whether the model is worth its download. May take a moment; must not reject. */
  isWorthIt(): Promise<boolean>
}

/**
 * One load that nobody waits for, and that is given up when the user, the battery or the network turns against it. What was
 * downloaded until then the engine may keep.
 */
export class IdleLoad {
  readonly model: ModelInfo
  readonly #parts: IdleLoadParts
  readonly #controller = new AbortController()
  #downloads = true
  #isCurrent = false
  #checking: Promise<void> | undefined

  constructor(model: ModelInfo, parts: IdleLoadParts) {
    this.model = model
    this.#parts = parts
  }

  /** Aborts when it is given up. */
  get signal(): AbortSignal {
    return this.#controller.signal
  }

  /** Once. Resolves with whether it came to its end; rejects with an EngineError. */
  async run(): Promise<boolean> {
    const { manager, isFree, isWorthIt } = this.#parts
    const { signal } = this
    await this.recheck()
    if (signal.aborted || !isFree() || !(await isWorthIt())) return false
    if (signal.aborted || !isFree()) return false
    try {
      await manager.load(this.model, {
        purpose: 'idle',
        signal,
        onProgress: ({ stage }) => {
          this.#downloads = stage === 'download'
        },
      })
      return true
    } catch (error) {
      if (signal.aborted) return false
      throw error
    }
  }

  giveUp(): void {
    this.#controller.abort()
  }

  /** Looks whether it may go on. Never rejects. */
  recheck(): Promise<void> {
    this.#isCurrent = false
    this.#checking ??= this.#check().finally(() => {
      this.#checking = undefined
    })
    return this.#checking
  }

  async #check(): Promise<void> {
    let state: State
    do {
      this.#isCurrent = true
      state = await this.#parts.state()
    } while (!this.#isCurrent)
    if (!this.#suits(state)) this.giveUp()
  }

  #suits({ mode, battery, network = {}, models = {} }: State): boolean {
    const { status, failures = 0 } = models[this.model.id] ?? {}
    const isLow = battery?.charging === false && battery.levelPermille < DEFAULT_MIN_LEVEL_PERMILLE
    // A person may agree to pay for a download, but not be asked for that out of the blue.
    const isDear = Boolean(network.offline || network.metered || network.saveData)
    const isHere = !this.#downloads || status === 'cached'
    return mode !== 'never' && !isLow && (isHere || !isDear) && failures < this.#parts.maxFailures()
  }
}
