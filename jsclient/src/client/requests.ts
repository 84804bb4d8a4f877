import type { ManagedLoadOptions } from '../engine/manager-options.ts'
import { raceAbort } from '../errors/abort.ts'
import { EngineError } from '../errors/engine-error.ts'
import type { Grant, Target } from '../wire.ts'
import { type AttemptEvent, answerOnServer } from './attempt.ts'
import { Conversations } from './conversations.ts'
import { type ExecutionEvent, execute } from './execute.ts'
import type { PreparedRequest } from './prepare.ts'
import { Recorder, type RouteRecord } from './record.ts'
import type { Reports } from './reports.ts'
import { type Routed, type RouteParts, route, settle } from './router.ts'
import type { StatusStore } from './status.ts'

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
}

export const WHOLE: Mode = { stream: false, handsOut: false, restarts: true }
export const CHUNKS: Mode = { stream: true, handsOut: true, restarts: false }
export const EVENTS: Mode = { stream: true, handsOut: true, restarts: true }

/** What requests are served with. */
export interface RequestParts extends RouteParts {
  readonly reports: Reports
  readonly status: StatusStore
  /** Sees to it that all is there to decide on the request. */
  prepare(request: PreparedRequest): Promise<void>
}

/** Serves requests in two steps: `start` decides, `carryOut` gives the answer. Calls may overlap. */
export class Requests {
  readonly #parts: RequestParts
  readonly #conversations = new Conversations()

  constructor(parts: RequestParts) {
    this.#parts = parts
  }

  /** Decides on a request; `waits` says that it may be long until it is carried out, if ever. */
  async start(prepared: PreparedRequest, signal: AbortSignal, waits = false): Promise<Started> {
    const { options, page, status, prepare } = this.#parts
    const recorder = new Recorder(options.now ?? Date.now)
    status.begin('deciding')
    let decided = false
    try {
      await raceAbort(prepare(prepared), signal)
      status.set({ phase: 'deciding' })
      const request = this.#conversations.follow(prepared)
      const answer = await route(this.#parts, request, signal)
      const decision = settle(answer.decision, request, page)
      options.onDecision?.(decision)
      const { target, reason, modelInfo } = decision
      status.set({ target, reason, model: target === 'browser' ? modelInfo?.id : undefined })
      decided = true
      return { request, decision, grant: answer.grant, recorder, signal }
    } finally {
      status.end(decided && !waits)
    }
  }

  /** Carries a decision out and reports on it. */
  async *carryOut(started: Started, mode: Mode): AsyncGenerator<ExecutionEvent, void, undefined> {
    const { request, decision, signal } = started
    const { transport, page, status } = this.#parts
    let route: RouteRecord | undefined
    status.begin('generating')
    try {
      const { modelInfo: model } = decision
      const answerHere = async function* (): AsyncGenerator<AttemptEvent, void, undefined> {
        if (!model) throw new EngineError('the decision names no model', { stage: 'load', code: 'model_not_found' })
        const onProgress: ManagedLoadOptions['onProgress'] = (progress) =>
          status.set({ phase: 'loading', model: model.id, progress })
        const local = await page.local()
        yield* local.answer({ request, model, signal, onProgress })
      }
      const attempt = (target: Target) =>
        target === 'server' ? answerOnServer({ ...started, transport, stream: mode.stream }) : answerHere()
      for await (const event of execute({ ...started, ...mode, attempt })) {
        if (event.type === 'handover') status.set({ target: event.to, progress: undefined })
        else if (status.get().phase === 'loading') status.set({ phase: 'generating', progress: undefined })
        if (event.type === 'done') route = event.route
        const source = answeredBy(event)
        if (source) this.#conversations.answered(request, source)
        yield event
      }
    } finally {
      status.end()
      this.#report(started, route)
    }
  }

  /** Reports the local attempts. */
  #report({ decision, grant, request, recorder }: Started, route: RouteRecord | undefined): void {
    const { options, reports } = this.#parts
    const { reports: wanted = true } = options
    if (!wanted || (request.info.privacy === 'local-only' && wanted !== 'all')) return
    for (const [i, attempt] of recorder.attempts.entries()) {
      if (attempt.target !== 'browser' || attempt.outcome === 'aborted') continue
      const handedOver = i < recorder.attempts.length - 1
      reports.add({ grant, attempt, handedOver, model: decision.modelInfo, decision, info: request.info, route })
    }
  }
}

/** Who has answered, once the answer is complete: its reader may leave at the last chunk, before it is done. */
function answeredBy(event: ExecutionEvent): Target | undefined {
  if (event.type === 'done') return event.route.source
  const isLast = event.type === 'delta' && event.chunk?.choices.some(({ finish_reason }) => finish_reason)
  return isLast ? event.source : undefined
}
