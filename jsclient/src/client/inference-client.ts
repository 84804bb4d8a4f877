import { defined } from '../defined.ts'
import type { Removed } from '../downloads/library.ts'
import type { StoredModel } from '../downloads/offer.ts'
import type { ManagedLoadOptions, ManagedModel } from '../engine/manager-options.ts'
import { raceAbort } from '../errors/abort.ts'
import type { EngineErrorCode } from '../errors/engine-error.ts'
import { InvalidRequestError } from '../errors/invalid-request-error.ts'
import type { RoutedStream, StreamEvent } from '../routed.ts'
import type { DeviceCapabilities, ModelInfo, Snapshot, State, UserMode } from '../wire.ts'
import { type ChatCompletions, readable, toChunks, toCompletion } from './chat.ts'
import type { Snapshots } from './decision.ts'
import { disposed } from './disposed.ts'
import { announceEnd, type Ending } from './ending.ts'
import { distinctEngines } from './engines.ts'
import type { ExecutionEvent } from './execute.ts'
import { type GenerateResult, generateRequest, isStreamed, toResult } from './generate.ts'
import { Models } from './models.ts'
import type { ChatRequest, ClientOptions, GenerateOptions, RoutingOptions, WaitOptions } from './options.ts'
import { Page } from './page.ts'
import { type PreparedRequest, prepare } from './prepare.ts'
import {
  CHUNKS,
  EVENTS,
  type Mode,
  type RequestParts,
  Requests,
  type Started,
  type StartOptions,
  WHOLE,
} from './requests.ts'
import { type DebugExport, RouteLog } from './route-log.ts'
import { type ClientStatus, StatusStore } from './status.ts'
import { routed, toStreamEvents } from './stream.ts'

/**
 * What every client is: a way to ask, and the models of the page. What differs is who decides, and who answers beside the
 * page, which `begin` says.
 */
export abstract class InferenceClient {
  /** `chat.completions.create(…)`, as in OpenAI's client. */
  readonly chat: { readonly completions: ChatCompletions }
  /** Calls the listener after every change of `getSnapshot()`. The function returned takes it away. Bound. */
  readonly subscribe: (listener: () => void) => () => void
  /** What the client is at, for UIs; the same object until something changes. Bound. */
  readonly getSnapshot: () => ClientStatus

  readonly #options: ClientOptions
  readonly #always: RoutingOptions
  readonly #status = new StatusStore()
  #current: Life | undefined
  #initialized: Promise<void> | undefined
  /** The teardown of an earlier life, which the next one waits for: they share the engines. */
  #tornDown: Promise<void> | undefined
  #ending: Ending | undefined

  /** `always` are wishes of every request, whatever it says itself. */
  protected constructor(options: ClientOptions, always: RoutingOptions = {}) {
    this.#options = { ...options, engines: distinctEngines(options.engines) }
    this.#always = always
    this.subscribe = this.#status.subscribe
    this.getSnapshot = this.#status.get
    this.chat = { completions: { create: this.#create.bind(this) as ChatCompletions['create'] } }
  }

  /** Puts together what is one user's, until `life` aborts: who decides, and who answers elsewhere. @internal */
  protected abstract begin(page: Page, options: ClientOptions, life: AbortSignal): LifeParts

  /**
   * The policy snapshot by which the page decides now, for `decide` and for UIs; undefined before the first, and when
   * none is usable. Must not be modified.
   */
  get policy(): Snapshot | undefined {
    return this.#life.snapshots.current
  }

  /** The models of the snapshot in the page; empty before there is one. */
  get models(): readonly ModelInfo[] {
    return this.#life.models.all
  }

  /** What this device can do; undefined until it was detected. */
  get capabilities(): DeviceCapabilities | undefined {
    return this.#life.page.capabilities
  }

  /**
   * Why engines can't run in this page at all, by name, such as `{ wllama: 'insecure_context' }`. They are as good as not
   * passed: no decision names their models. Empty until the device was detected, and if all can. Must not be modified.
   */
  get obstacles(): Readonly<Record<string, EngineErrorCode>> {
    return this.#life.page.obstacles
  }

  /** The user's own switch. Defaults to what `storage` remembers, else "auto". */
  get mode(): UserMode {
    return this.#life.page.mode
  }

  /** Sets the user's own switch, and remembers it where there is a `storage`. */
  setMode(mode: UserMode): void {
    this.#life.page.mode = mode
  }

  /** Where a model is, and how far its load has come; undefined = unknown. */
  modelStatus(modelId: string): ManagedModel | undefined {
    return this.#life.page.engines?.model(modelId)
  }

  /**
   * What the page alone knows, now, as it goes into decisions: where models are, how fast they were and how often they
   * failed, battery, network, the user's switch. Never rejects; what is not known is absent.
   */
  state(): Promise<State> {
    return this.#life.page.state()
  }

  /**
   * Detects the device, fetches the policy snapshot where there is a server to ask, and asks the engines where models are;
   * once, however often it is called. A server that can't be reached is no failure: requests then fail, or run on what is
   * here. Rejects with UnauthorizedError, or with the signal's reason, which ends the wait and not the work. Revives a
   * disposed client.
   */
  async initialize({ signal }: WaitOptions = {}): Promise<void> {
    signal?.throwIfAborted()
    this.#revive()
    return raceAbort(this.#initialize(), signal)
  }

  /**
   * Ends everything: aborts requests and loads, ends the engines, sends the last reports on their way. Idempotent. An
   * `initialize` in the same turn of the event loop takes it back, so that a component may be unmounted and mounted
   * again without losing its worker; a later one starts afresh, perhaps for another user.
   */
  dispose(): Promise<void> {
    this.#ending ??= announceEnd(() => this.#tearDown())
    return this.#ending.promise
  }

  /**
   * What there is to tell of this client when somebody wonders about it: the device, the policies' revision, what is known
   * of the models, and how the last 50 requests went. JSON without text, and without ids that the app gave: fit to be
   * pasted into an issue. Never rejects.
   */
  async debug(): Promise<DebugExport> {
    const { page, snapshots, log, waiting } = this.#life
    const { models = {} } = await page.state()
    const policy = snapshots.current
    return defined({
      at: (this.#options.now ?? Date.now)(),
      device: page.capabilities,
      mode: page.mode,
      policy: policy && { revision: policy.revision, isStale: snapshots.isStale },
      models,
      obstacles: page.obstacles,
      reportsWaiting: waiting?.() ?? 0,
      routes: log.entries,
    })
  }

  /** The simple call: one prompt, one answer. With `onChunk` the text is handed out as it comes. */
  async generate(prompt: string, options: GenerateOptions = {}): Promise<GenerateResult> {
    const streamed = isStreamed(options)
    const mode: Mode = streamed ? { ...EVENTS, restarts: options.onRestart !== undefined } : WHOLE
    const started = await this.#start(this.#prepare(generateRequest(prompt, options)), mode)
    return toResult(this.#life.requests.carryOut(started, mode), options)
  }

  /** A chat as events, which may begin again after a failure: `reset` says to drop the text so far. */
  stream(request: ChatRequest, options?: RoutingOptions): RoutedStream<StreamEvent> {
    const prepared = this.#prepare(request, options)
    const controller = new AbortController()
    const begin = async function* (this: InferenceClient): AsyncGenerator<ExecutionEvent, void, undefined> {
      yield* this.#life.requests.carryOut(await this.#start(prepared, EVENTS, controller.signal), EVENTS)
    }
    return routed(begin.call(this), controller, toStreamEvents)
  }

  /**
   * Downloads a model and makes it resident, so that a later request finds it ready: the one named, or the one that
   * would be chosen. What must be downloaded is offered to `onOffer` first, unless `consented` says that the user was
   * asked. Resolves with the model. Calls share one load, which goes on until the last of them is aborted. Rejects with an
   * EngineError where the model does not load, somebody says no, or its engine has one of the `obstacles`, and with a
   * NoTargetError where none would be chosen; an obstacle is then its `cause`.
   */
  async preload(modelId?: string, options: ManagedLoadOptions = {}): Promise<ModelInfo> {
    const signal = await this.#ready(options.signal)
    return this.#life.models.preload(modelId, { ...options, signal })
  }

  /** The models of which something is on this device, and what they take. Rejects with the signal's reason. */
  async stored(options: WaitOptions = {}): Promise<StoredModel[]> {
    const signal = await this.#ready(options.signal)
    return this.#life.models.stored(signal)
  }

  /**
   * Removes a model from this device: frees it once what it generates has ended, and then its files, those of earlier
   * versions too. What was said to its download, and how often it failed, is forgotten with it. Rejects with an
   * InvalidRequestError, code "in_use", while another tab uses it, or another client of this page.
   */
  async remove(modelId: string, options: WaitOptions = {}): Promise<void> {
    const signal = await this.#ready(options.signal)
    return this.#life.models.remove(modelId, signal)
  }

  /** Removes all models from this device but those that another tab uses. Resolves with the ids of each kind. */
  async removeAll(options: WaitOptions = {}): Promise<Removed> {
    const signal = await this.#ready(options.signal)
    return this.#life.models.removeAll(signal)
  }

  /** Forgets what the user said to the download of a model, or of all: the next one is offered again. */
  forgetConsent(modelId?: string): Promise<void> {
    return this.#life.models.forgetConsent(modelId)
  }

  /**
   * Forgets how often a model has failed here, or how often all of them have: it may be chosen again at once. Models are
   * otherwise left alone for a while after several failures in a row, and longer each time; see `state()`.
   */
  forgetFailures(modelId?: string): Promise<void> {
    return this.#life.models.forgetFailures(modelId)
  }

  async #create(request: ChatRequest, options?: RoutingOptions) {
    const prepared = this.#prepare(request, options)
    if (!request.stream) return toCompletion(this.#life.requests.carryOut(await this.#start(prepared, WHOLE), WHOLE))
    const controller = new AbortController()
    const events = this.#life.requests.carryOut(
      await this.#start(prepared, CHUNKS, controller.signal, { waits: true }),
      CHUNKS,
    )
    const includeUsage = request.stream_options?.include_usage ?? false
    return readable(routed(events, controller, (events) => toChunks(events, { includeUsage })))
  }

  #prepare(request: ChatRequest, options?: RoutingOptions): PreparedRequest {
    return prepare(request, { ...options, ...this.#always })
  }

  async #start(request: PreparedRequest, mode: Mode, stop?: AbortSignal, options?: StartOptions): Promise<Started> {
    checkHandover(request, mode)
    return this.#life.requests.start(request, this.#signal(request.options.signal, stop), options)
  }

  /** What must be there before a request is decided on. A local-only request causes no traffic, not even for that. */
  async #prepareFor({ info }: PreparedRequest): Promise<void> {
    if (info.privacy !== 'local-only') {
      await this.#initialize()
      // What it can't bring now, whoever decides goes without.
      await this.#revalidate().catch(() => {})
    } else {
      await this.#initialized?.catch(() => {})
    }
    await this.#life.page.survey(this.models)
  }

  #initialize(): Promise<void> {
    const life = this.#life
    this.#initialized ??= (async () => {
      this.#status.begin('initializing')
      try {
        await this.#tornDown
        await Promise.all([this.#life.page.device(), this.#revalidate()])
        this.#status.initialized = true
        this.#life.catchUp?.()
      } catch (error) {
        if (this.#life === life) {
          this.#initialized = undefined
          this.#status.initialized = false
        }
        throw error
      } finally {
        this.#status.end()
      }
    })()
    return this.#initialized
  }

  /** Asks for a newer snapshot where it is time to, and where the models are. */
  async #revalidate(): Promise<void> {
    const { snapshots, page } = this.#life
    if (snapshots.isStale) await snapshots.refresh()
    await page.survey(this.models)
  }

  /** Once all is known that models are managed by. */
  async #ready(given: AbortSignal | undefined): Promise<AbortSignal> {
    const signal = this.#signal(given)
    await raceAbort(this.#initialize(), signal)
    return signal
  }

  /** The caller's signal, a stream's and the client's life in one. Throws when the first or the last has ended. */
  #signal(signal: AbortSignal | undefined, stop?: AbortSignal): AbortSignal {
    if (this.#ending) throw disposed()
    signal?.throwIfAborted()
    return AbortSignal.any([signal, stop, this.#life.controller.signal].filter((one) => one !== undefined))
  }

  #revive(): void {
    const ending = this.#ending
    if (!ending) return
    this.#ending = undefined
    if (ending.cancel()) return
    this.#tornDown = ending.promise
    const { mode } = this.#life.page
    this.#current = this.#newLife(mode)
    this.#initialized = undefined
  }

  async #tearDown(): Promise<void> {
    this.#life.controller.abort(new DOMException('The client was disposed.', 'AbortError'))
    this.#status.set({ phase: 'disposed', progress: undefined })
    // Nobody waits for a server that may not answer.
    void this.#life.flush?.()
    await this.#life.page.dispose()
  }

  /** Made when it is first needed, which the constructor of a subclass comes before. */
  get #life(): Life {
    this.#current ??= this.#newLife()
    return this.#current
  }

  /** `mode` is what the user's switch stood at in the life before. */
  #newLife(mode?: UserMode): Life {
    const options = this.#options
    const controller = new AbortController()
    const page: Page = new Page(options, this.#status, () => snapshots.current, mode)
    const { snapshots, flush, catchUp, waiting, ...answering } = this.begin(page, options, controller.signal)
    const log = new RouteLog()
    const requests = new Requests({
      ...answering,
      options,
      page,
      status: this.#status,
      log,
      life: controller.signal,
      prepare: (request) => this.#prepareFor(request),
    })
    const models = new Models({ page, snapshots, status: this.#status })
    return { controller, page, snapshots, models, requests, log, flush, catchUp, waiting }
  }
}

/** What a subclass decides and answers with. */
export interface LifeParts extends Pick<RequestParts, 'decide' | 'askServer' | 'report'> {
  readonly snapshots: Snapshots
  /** Sends what waits. Must not reject. */
  readonly flush?: (() => Promise<void>) | undefined
  /** Takes up what an earlier visit has left. Must not throw. */
  readonly catchUp?: (() => void) | undefined
  /** How many reports wait. */
  readonly waiting?: (() => number) | undefined
}

/** What lasts from the first call, or from a revival, to the end of a teardown. It is one user's. */
interface Life extends Pick<LifeParts, 'snapshots' | 'flush' | 'catchUp' | 'waiting'> {
  /** Aborts everything under way. */
  readonly controller: AbortController
  readonly page: Page
  readonly models: Models
  readonly requests: Requests
  readonly log: RouteLog
}

/** A way of asking that can't say that an answer begins again can't be asked to. */
function checkHandover({ options }: PreparedRequest, { restarts }: Mode): void {
  if (options.handover !== 'restart' || restarts) return
  const message = '`handover: "restart"` needs somebody who hears of it: use stream(), or generate() with `onRestart`.'
  throw new InvalidRequestError(message, { param: 'handover' })
}
