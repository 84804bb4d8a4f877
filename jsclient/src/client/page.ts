import { CapabilityDetector } from '../capability/detector.ts'
import { deviceKey } from '../capability/device-key.ts'
import { guarded } from '../capability/probe.ts'
import { detectState } from '../capability/state.ts'
import type { Engine } from '../engine/engine.ts'
import { EngineError } from '../errors/engine-error.ts'
import { surface } from '../errors/surface.ts'
import { DEFAULT_MAX_FAILURES } from '../policy/compile.ts'
import { decide, type PageDecision } from '../policy/decide.ts'
import type { Decision, DeviceCapabilities, ModelInfo, Snapshot, State, UserMode } from '../wire.ts'
import type { Local } from './local.ts'
import { findObstacles, type Obstacles } from './obstacles.ts'
import type { ClientOptions, ClientStorage, DetectedState } from './options.ts'
import type { StatusStore } from './status.ts'

const MODE_KEY = 'edgewise.mode'

/** What the page itself knows and holds: the device, its state, the engines. Made without side effects. */
export class Page {
  readonly #options: ClientOptions
  readonly #status: StatusStore
  readonly #policy: () => Snapshot | undefined
  #device: Promise<DeviceCapabilities> | undefined
  #known: DeviceCapabilities | undefined
  #asking: Promise<void> | undefined
  #obstacles: Obstacles = {}
  #loading: Promise<Local> | undefined
  #local: Local | undefined
  #surveyed: readonly ModelInfo[] | undefined
  #mode: UserMode | undefined

  /**
   * `status` is told when anything has changed that the page knows; `policy` gives the snapshot at hand; `mode` is what
   * the user's switch stood at before. Defaults to what is remembered.
   */
  constructor(options: ClientOptions, status: StatusStore, policy: () => Snapshot | undefined, mode?: UserMode) {
    this.#options = options
    this.#status = status
    this.#policy = policy
    this.#mode = mode
  }

  /** The device, once it was detected. */
  get capabilities(): DeviceCapabilities | undefined {
    return this.#known
  }

  /** Why engines can't run here, by name; empty before the device was detected. */
  get obstacles(): Obstacles {
    return this.#obstacles
  }

  /** The engines that can run here; all of them before the device was detected. */
  get usable(): readonly Engine[] {
    const { engines = [] } = this.#options
    return engines.filter(({ name }) => !Object.hasOwn(this.#obstacles, name))
  }

  /**
   * Looks how fast this device is, before a model is downloaded. Resolves with whether more is known now, so that it is
   * worth deciding again. Never rejects.
   */
  async looks(model: ModelInfo | undefined, signal?: AbortSignal): Promise<boolean> {
    return model && this.#local && this.lacks(model) ? this.#local.foresight.look(model, signal) : false
  }

  /** Whether a model would have to be downloaded. */
  lacks({ id }: ModelInfo): boolean {
    return this.#local?.manager.model(id)?.status === 'absent'
  }

  /**
   * The decision on a request of no particular size: which model would run here? And would one run here, as far as
   * anybody knows, that were on disk? Never rejects.
   */
  async decidePreload(snapshot: Snapshot, onDisk?: ModelInfo): Promise<PageDecision> {
    const [capabilities, state] = await Promise.all([this.device(), this.state()])
    // Fetching a model answers nobody, so policies that only the server can ask have no say in it.
    const policies = snapshot.policies.filter(({ opaque }) => !opaque)
    const models = onDisk && { [onDisk.id]: { ...state.models?.[onDisk.id], status: 'cached' as const } }
    const request = { promptLength: 0, capabilities }
    return decide({ ...snapshot, policies, first: [] }, { ...state, models: { ...state.models, ...models } }, request)
  }

  /** Hears of every decision before it is carried out: of a model, perhaps, that is worth loading. */
  decided(decision: Decision): void {
    this.#local?.progressive?.decided(decision)
  }

  /** The engines' manager, once one was needed. */
  get engines(): Local['manager'] | undefined {
    return this.#local?.manager
  }

  /** The user's own switch. Storage may be blocked, or full. */
  get mode(): UserMode {
    this.#mode ??= asMode(guarded(() => this.storage?.getItem(MODE_KEY)))
    return this.#mode
  }

  set mode(mode: UserMode) {
    this.#mode = mode
    guarded(() => this.storage?.setItem(MODE_KEY, mode))
    this.#onSurroundings()
  }

  /** What lasts longer than the page; undefined where there is none, or it is blocked. */
  get storage(): ClientStorage | undefined {
    const { storage } = this.#options
    if (storage === false) return undefined
    return storage ?? guarded(() => (globalThis as { localStorage?: Storage }).localStorage)
  }

  /** Detects the device, and which engines can run on it, once. Never rejects. */
  device(): Promise<DeviceCapabilities> {
    this.#device ??= (async () => {
      const { detector = new CapabilityDetector() } = this.#options
      const [found] = await Promise.all([detector.detect(), this.#askEngines()])
      this.#known = { ...found, engines: this.usable.map(({ name }) => name) }
      return this.#known
    })()
    return this.#device
  }

  /** Asks the engines whether they can run here, once. Never rejects. */
  #askEngines(): Promise<void> {
    this.#asking ??= findObstacles(this.#options.engines ?? []).then((found) => {
      this.#obstacles = found
    })
    return this.#asking
  }

  /** The part that answers here, which is a script of its own. An EngineError when that can't be fetched. */
  local(): Promise<Local> {
    this.#loading ??= (async () => {
      const { detector, engines = [], now, onOffer, preloads = onOffer ? 'idle' : 'manual' } = this.#options
      const { Local } = await import('./local.ts').catch((cause: unknown) => {
        this.#loading = undefined
        const message = 'the script that runs the engines could not be fetched'
        throw new EngineError(message, { stage: 'load', code: 'load_failed', cause })
      })
      const maxFailures = (): number => this.#policy()?.limits?.maxFailures || DEFAULT_MAX_FAILURES
      const progressive = {
        status: this.#status,
        state: () => this.state(),
        models: () => this.#policy()?.models ?? [],
        redecide: async (model: ModelInfo) => {
          const snapshot = this.#policy()
          return snapshot && this.decidePreload(snapshot, model)
        },
        maxFailures,
      }
      this.#local = new Local({
        engines,
        now,
        storage: this.storage,
        device: () => deviceKey(this.#known ?? {}),
        capabilities: () => this.#known,
        probe: detector?.detectBandwidth?.bind(detector),
        onOffer,
        network: async () => (await this.#detectState()).network,
        maxFailures,
        onSurroundings: this.#onSurroundings,
        ...(preloads === 'idle' && { progressive }),
      })
      this.#local.manager.subscribe(() => this.#status.set({}))
      await this.#local.manager.ready
      return this.#local
    })()
    return this.#loading
  }

  /** Asks the engines where these models are, once a list. Never rejects: what is not known is left out. */
  async survey(models: readonly ModelInfo[]): Promise<void> {
    if (this.#surveyed === models) return
    await this.#askEngines()
    const mine = models.filter(({ framework }) => this.usable.some(({ name }) => name === framework))
    if (mine.length > 0) {
      const local = await this.local().catch(() => undefined)
      if (!local) return
      await local.manager.survey(mine)
    }
    this.#surveyed = models
  }

  /** What the page alone knows, now. Never rejects. What an engine found out of a model wins over what the app says. */
  async state(): Promise<State> {
    const { models = {}, ...detected } = await this.#detectState()
    const known = { ...models }
    for (const [id, state] of Object.entries(this.engines?.states() ?? {})) known[id] = { ...known[id], ...state }
    return { ...detected, ...(Object.keys(known).length > 0 && { models: known }), mode: this.mode }
  }

  async #detectState(): Promise<DetectedState> {
    const { detector } = this.#options
    try {
      return await (detector?.detectState ? detector.detectState() : detectState())
    } catch (error) {
      // A mistake of the app is no reason to answer nobody.
      surface(error)
      return {}
    }
  }

  /** The user's switch, the battery, the network or what is visible may have changed. */
  readonly #onSurroundings = (): void => {
    this.#local?.progressive?.recheck()
    this.#status.set({})
  }

  /** Ends the engines. A new page can take its place. Never rejects. */
  async dispose(): Promise<void> {
    const local = await this.#loading?.catch(() => undefined)
    await local?.dispose()
  }
}

function asMode(value: string | null | undefined): UserMode {
  return value === 'always' || value === 'never' ? value : 'auto'
}
