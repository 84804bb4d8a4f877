import type { ManagedLoadOptions } from '../engine/manager-options.ts'
import { isAbortError, raceAbort } from '../errors/abort.ts'
import { EngineError, isRefusal } from '../errors/engine-error.ts'
import { NoTargetError } from '../errors/no-target-error.ts'
import { type Resume, StreamInterruptedError } from '../errors/stream-interrupted-error.ts'
import type { RouteRecord } from '../routed.ts'
import type { Continuation, Grant, Target } from '../wire.ts'
import type { Answer } from './answer.ts'
import type { AttemptEvent } from './attempt.ts'
import { Conversations } from './conversations.ts'
import { type Decided, type Routed, settle } from './decision.ts'
import { disposed } from './disposed.ts'
import { type ExecutionEvent, execute } from './execute.ts'
import type { ClientOptions } from './options.ts'
import type { Page } from './page.ts'
import type { PreparedRequest } from './prepare.ts'
import { codeOf, type Earlier, Recorder } from './record.ts'
import type { ReportFacts } from './report.ts'
import { answered, logged, type RouteLog } from './route-log.ts'
import type { ClientStatus, StatusStore } from './status.ts'
import { routed, toStreamEvents } from './stream.ts'

/** How one way of asking takes its answer. */
export interface Mode {
  /** Ask the server for a stream. */
  readonly stream: boolean
  /** Deltas reach the caller as they come. */
  readonly handsOut: boolean
  /** The caller can take a restart after a delta. */
  readonly restarts: boolean
}

/** A request that was decided on. */
export interface Started {
  readonly request: PreparedRequest
  readonly decision: Routed
  /** What it is reported with. */
  readonly grant: Grant | undefined
  readonly recorder: Recorder
  readonly signal: AbortSignal
  /** What the caller has of the answer already. */
  readonly answer?: Answer
}

/** What is given to the server to answer. */
export type ServerTask = Pick<Started, 'request' | 'decision' | 'signal'> & Pick<Mode, 'stream'>

export const WHOLE: Mode = { stream: false, handsOut: false, restarts: true }
export const CHUNKS: Mode = { stream: true, handsOut: true, restarts: false }
export const EVENTS: Mode = { stream: true, handsOut: true, restarts: true }

/** What requests are served with. */
export interface RequestParts {
  readonly options: ClientOptions
  readonly page: Page
  readonly status: StatusStore
  /** Aborts when the client is disposed. */
  readonly life: AbortSignal
  /** Sees to it that all is there to decide on the request. */
  prepare(request: PreparedRequest): Promise<void>
  /** Says where a request shall run. */
  decide(request: PreparedRequest, signal: AbortSignal): Promise<Decided>
  /** Answers elsewhere. Absent: there is no such place. */
  readonly askServer?: (task: ServerTask) => AsyncGenerator<AttemptEvent, void, undefined>
  /** Remembers how requests went. */
  readonly log: RouteLog
  /** Takes what there is to tell of a local attempt. */
  readonly report?: (facts: ReportFacts) => void
}

/** What `start` may know besides. */
export interface StartOptions {
  /** It may be long until the request is carried out, if ever. */
  readonly waits?: boolean
  /** What was tried before. */
  readonly earlier?: Earlier
}

/** Serves requests in two steps: `start` decides, `carryOut` gives the answer. Calls may overlap. */
export class Requests {
  readonly #parts: RequestParts
  readonly #conversations = new Conversations()

  constructor(parts: RequestParts) {
    this.#parts = parts
  }

  /** Decides on a request. */
  async start(
    prepared: PreparedRequest,
    signal: AbortSignal,
    { waits = false, earlier }: StartOptions = {},
  ): Promise<Started> {
    signal.throwIfAborted()
    const { options, page, status, prepare, decide } = this.#parts
    const recorder = new Recorder(options.now ?? Date.now, earlier)
    status.begin('deciding')
    let decided = false
    try {
      await raceAbort(prepare(prepared), signal)
      status.set({ phase: 'deciding' })
      const request = this.#conversations.follow(prepared)
      let answer = await decide(request, signal)
      const { target, modelInfo } = answer.decision
      if (target === 'browser' && (await page.looks(modelInfo, signal))) answer = await decide(request, signal)
      const decision = settle(answer, request, page)
      options.onDecision?.(decision)
      page.decided(decision)
      status.set({ ...shown(decision, decision.target), reason: decision.reason })
      decided = true
      return { request, decision, grant: answer.grant, recorder, signal }
    } catch (error) {
      this.#log({ request: prepared, recorder, signal }, { error })
      throw error
    } finally {
      status.end(decided && !waits)
    }
  }

  /** Carries a decision out and reports on it. */
  async *carryOut(started: Started, mode: Mode): AsyncGenerator<ExecutionEvent, void, undefined> {
    const { request, decision, recorder } = started
    const { status } = this.#parts
    let route: RouteRecord | undefined
    let failure: unknown
    status.begin('generating')
    try {
      const execution = execute({
        ...started,
        ...mode,
        canContinue: (target) =>
          (target === 'server' ? decision.continuation : this.#continuationHere(started)) === 'native',
        attempt: (target, asked) => this.#attempt(target, { ...started, request: asked }, mode),
        resumeWith: (answer) => this.#resume(request, recorder, answer),
      })
      for await (const event of execution) {
        if (event.type === 'handover') status.set({ ...shown(decision, event.to), progress: undefined })
        else if (status.get().phase === 'loading') status.set({ phase: 'generating', progress: undefined })
        if (event.type === 'done') route = event.route
        const source = answeredBy(event)
        if (source) this.#conversations.answered(request, source)
        yield event
      }
    } catch (error) {
      failure = error
      throw error
    } finally {
      status.end()
      this.#report(started, route)
      this.#log(started, { route, error: failure })
    }
  }

  #attempt(target: Target, { request, decision, signal }: Started, { stream }: Mode) {
    const { askServer } = this.#parts
    if (target === 'browser') return this.#answerHere(request, decision, signal)
    if (!askServer) throw new NoTargetError('local_only_unavailable')
    return askServer({ request, decision, signal, stream })
  }

  async *#answerHere(
    request: PreparedRequest,
    { modelInfo: model }: Routed,
    signal: AbortSignal,
  ): AsyncGenerator<AttemptEvent, void, undefined> {
    const { page, status } = this.#parts
    if (!model) throw new EngineError('the decision names no model', { stage: 'load', code: 'model_not_found' })
    const onProgress: ManagedLoadOptions['onProgress'] = (progress) =>
      status.set({ phase: 'loading', model: model.id, progress })
    const local = await page.local()
    yield* local.answer({ request, model, signal, onProgress })
  }

  /**
   * Whether the engine takes up what others said. Only for who asks for the rest: by itself no answer of a server's model
   * is gone on with by a smaller one.
   */
  #continuationHere({ decision, answer }: Started): Continuation {
    const engine = this.#parts.page.usable.find(({ name }) => name === decision.modelInfo?.framework)
    return answer && engine?.supports?.continuation ? 'native' : 'none'
  }

  #resume(request: PreparedRequest, recorder: Recorder, answer: Answer): Resume {
    const { life } = this.#parts
    return ({ signal } = {}) => {
      const controller = new AbortController()
      const all = [signal, controller.signal, life].filter((one) => one !== undefined)
      const rest = async function* (this: Requests): AsyncGenerator<ExecutionEvent, void, undefined> {
        if (life.aborted) throw disposed()
        const bounds = AbortSignal.any(all)
        const started = await this.start(request, bounds, { earlier: recorder.sofar }).catch((cause: unknown) => {
          bounds.throwIfAborted()
          const resume = this.#resume(request, recorder, answer)
          throw new StreamInterruptedError(answer.text, recorder.failures, { cause, resume })
        })
        yield* this.carryOut({ ...started, answer: answer.copy() }, EVENTS)
      }
      return routed(rest.call(this), controller, toStreamEvents)
    }
  }

  /** What ended in neither an answer nor an error was left by its reader. */
  #log(
    { request, recorder, decision, signal }: Pick<Started, 'request' | 'recorder' | 'signal'> & Partial<Started>,
    { route, error }: { route?: RouteRecord | undefined; error?: unknown },
  ): void {
    const isAborted = !route && (error === undefined || isAbortError(error, signal))
    this.#parts.log.add({
      at: recorder.startedAt,
      outcome: route ? 'ok' : isAborted ? 'aborted' : 'failed',
      ...(!route && !isAborted && { errorCode: codeOf(error) }),
      localOnly: request.info.privacy === 'local-only',
      ...(decision && { decision: logged(decision) }),
      attempts: recorder.sofar.attempts,
      ...(route && { answer: answered(route) }),
    })
  }

  /** Reports the local attempts. */
  #report({ decision, grant, request, recorder }: Started, route: RouteRecord | undefined): void {
    const { report } = this.#parts
    for (const [i, attempt] of recorder.attempts.entries()) {
      if (attempt.target !== 'browser' || attempt.outcome === 'aborted' || isRefusal(attempt.errorCode)) continue
      const handedOver = i < recorder.attempts.length - 1
      report?.({ grant, attempt, handedOver, model: decision.modelInfo, decision, info: request.info, route })
    }
  }
}

/** What a UI shows of who answers. */
function shown({ modelInfo }: Routed, target: Target): Pick<ClientStatus, 'target'> & { model: string | undefined } {
  return { target, model: target === 'browser' ? modelInfo?.id : undefined }
}

/** Who has answered, once the answer is complete: its reader may leave at the last chunk, before it is done. */
function answeredBy(event: ExecutionEvent): Target | undefined {
  if (event.type === 'done') return event.route.source
  const isLast = event.type === 'delta' && event.chunk?.choices.some(({ finish_reason }) => finish_reason)
  return isLast ? event.source : undefined
}
