/** A server for tests, without a server. */
import { raceAbort } from '../errors/abort.ts'
import { isInvalidRequestError } from '../errors/invalid-request-error.ts'
import { decide } from '../policy/decide.ts'
import { VERSION_HEADER, WIRE_VERSION } from '../transport/version.ts'
import type {
  ChatCompletionRequest,
  GenerateRequest,
  ModelInfo,
  PolicySpec,
  Report,
  ReportBatch,
  RouteRequest,
  RouteResponse,
  Snapshot,
} from '../wire.ts'
import { type FakeAnswers, scriptOf } from './answer.ts'
import {
  answerTo,
  chatOf,
  chunksOf,
  completionOf,
  eventStream,
  type ServerAnswer,
  simpleEvents,
  simpleOf,
} from './server-answer.ts'
import { errorResponse, type ServerFault, ServerFaults } from './server-faults.ts'
import { testSnapshot } from './snapshot.ts'
import { delay } from './turn.ts'

/** Options of `FakeServer`. */
export interface FakeServerOptions {
  /** What is in its registry. Defaults to `testModel()`. */
  models?: ModelInfo[]
  /** Defaults to those of `testSnapshot()`, by which any device may answer. */
  policies?: PolicySpec[]
  /** Other members of the policy snapshot. */
  snapshot?: Partial<Snapshot>
  /** What it answers. Defaults to "Hello from afar". */
  answer?: FakeAnswers<ChatCompletionRequest>
  /** What goes wrong; `server.faults` changes it later. Defaults to nothing. */
  faults?: readonly ServerFault[]
  /** Changes what the policies decide. Defaults to nothing. */
  route?: ((decision: RouteResponse) => Partial<RouteResponse>) | undefined
  /** How long it takes before any answer, ms. Defaults to 0. */
  latencyMs?: number
  /** How long a token takes, ms. Defaults to 0: a turn of the event loop. */
  tokenMs?: number
  /** Where it is mounted. Defaults to "http://edgewise.test/api/v1". */
  baseURL?: string
  /** The version of the wire that it says it speaks; "" = it says none. Defaults to the client's own. */
  version?: string
}

/** A request as it reached the server. */
export interface FakeServerRequest {
  method: string
  /** Below `baseURL`, such as "/browser/route". */
  path: string
  headers: Headers
  /** As it was sent; "" = none. */
  body: string
}

/**
 * The Edgewise server as a `fetch`, for a client under test: it decides by the policies of its snapshot, with the same
 * function as the real one, answers from a script, takes reports, and writes down all that reaches it. It knows nobody:
 * credentials, budgets and limits are not looked at. It answers the endpoints that a client uses, and "/generate".
 *
 * @example
 * const server = new FakeServer()
 * const { baseURL, fetch } = server
 * const client = new HybridInferenceClient({ baseURL, fetch, engines: [new FakeEngine()] })
 */
export class FakeServer {
  /** Where it is mounted. */
  readonly baseURL: string
  /** In the order in which they came. */
  readonly requests: FakeServerRequest[] = []
  /** What `/browser/policy` gives, and what it decides by. May be set at any time, as to a `testSnapshot(…)`. */
  snapshot: Snapshot
  /** What it answers. May be set at any time. */
  answer: FakeAnswers<ChatCompletionRequest>
  /** Changes what the policies decide. May be set at any time. */
  route: FakeServerOptions['route']
  /** The version of the wire that it says it speaks; "" = it says none. May be set at any time. */
  version: string

  readonly #options: FakeServerOptions
  readonly #faults: ServerFaults
  readonly #reported = new Set<string>()
  #decisions = 0

  constructor(options: FakeServerOptions = {}) {
    const { models, policies, snapshot } = options
    this.#options = options
    this.#faults = new ServerFaults(options.faults)
    this.baseURL = options.baseURL ?? 'http://edgewise.test/api/v1'
    this.snapshot = testSnapshot({ ...snapshot, ...(models && { models }), ...(policies && { policies }) })
    this.answer = options.answer ?? 'Hello from afar'
    this.route = options.route
    this.version = options.version ?? WIRE_VERSION
  }

  /** What goes wrong. May be set, or pushed to, at any time. */
  get faults(): ServerFault[] {
    return this.#faults.list
  }

  set faults(faults: ServerFault[]) {
    this.#faults.list = faults
  }

  /** The server. Bound, to be handed to a client as its `fetch`, or put in the place of the global one. */
  readonly fetch: typeof globalThis.fetch = async (input, init) => {
    const request = new Request(input instanceof Request ? input : new URL(input, this.baseURL), init)
    const { method, headers, signal } = request
    signal.throwIfAborted()
    const { pathname } = new URL(request.url)
    const prefix = new URL(this.baseURL).pathname
    const path = pathname.startsWith(`${prefix}/`) ? pathname.slice(prefix.length) : pathname
    const body = await request.text()
    this.requests.push({ method, path, headers, body })
    await raceAbort(delay(this.#options.latencyMs ?? 0), signal)
    const response = (await this.#faults.meet(path, signal)) ?? (await this.#answer(path, body, signal))
    if (this.version) response.headers.set(VERSION_HEADER, this.version)
    return response
  }

  /** The bodies of the requests to a path, parsed. */
  bodies<T>(path: string): T[] {
    return this.requests.filter((one) => one.path === path).map(({ body }) => JSON.parse(body) as T)
  }

  /** The reports of local answers that came. */
  reports(): Report[] {
    return this.bodies<ReportBatch>('/browser/analytics').flatMap(({ reports }) => reports)
  }

  async #answer(path: string, body: string, signal: AbortSignal): Promise<Response> {
    try {
      const { revision, models } = this.snapshot
      if (path === '/browser/policy') return Response.json(this.snapshot)
      if (path === '/browser/models') return Response.json({ revision, models })
      if (path === '/browser/route') return Response.json(this.#route(JSON.parse(body)))
      if (path === '/browser/analytics') return Response.json(this.#receive(JSON.parse(body)), { status: 202 })
      if (path === '/chat/completions') return await this.#chat(path, JSON.parse(body), signal)
      if (path === '/generate') return await this.#generate(path, JSON.parse(body), signal)
      return errorResponse(404, { message: `${path} is nothing here.`, code: 'not_found' })
    } catch (error) {
      if (isInvalidRequestError(error)) {
        return errorResponse(400, { message: error.message, code: error.code, param: error.param ?? null })
      }
      if (error instanceof SyntaxError) return errorResponse(400, { message: error.message, code: 'invalid_json' })
      throw error
    }
  }

  #route({ state, trace, ...request }: RouteRequest): RouteResponse {
    const { undecidable: _, ...decision } = decide(this.snapshot, state ?? {}, request, { trace })
    const { revision: policyRevision } = this.snapshot
    const answer: RouteResponse = { ...decision, decisionId: `d${++this.#decisions}`, policyRevision }
    return { ...answer, ...this.route?.(answer) }
  }

  #receive({ reports }: ReportBatch) {
    const fresh = reports.filter(({ id }) => !this.#reported.has(id))
    for (const { id } of fresh) this.#reported.add(id)
    return { accepted: fresh.length, duplicates: reports.length - fresh.length, dropped: 0 }
  }

  async #chat(path: string, request: ChatCompletionRequest, signal: AbortSignal): Promise<Response> {
    const answer = answerTo(request, scriptOf(this.answer, request))
    const pieces = this.#pieces(path, answer, signal)
    if (!request.stream) return whole(completionOf(answer), pieces)
    return eventStream(ended(chunksOf(answer, pieces, request.stream_options?.include_usage ?? false)), signal)
  }

  async #generate(path: string, request: GenerateRequest, signal: AbortSignal): Promise<Response> {
    const chat = chatOf(request)
    const answer = answerTo(chat, scriptOf(this.answer, chat))
    const pieces = this.#pieces(path, answer, signal)
    return request.stream ? eventStream(simpleEvents(answer, pieces), signal) : whole(simpleOf(answer), pieces)
  }

  async *#pieces(path: string, { tokens }: ServerAnswer, signal: AbortSignal): AsyncGenerator<string> {
    for (const [at, token] of tokens.entries()) {
      await this.#faults.meet(path, signal, at)
      await raceAbort(delay(this.#options.tokenMs ?? 0), signal)
      yield token
    }
    await this.#faults.meet(path, signal, tokens.length)
  }
}

/** An answer that comes when its last piece is there. */
async function whole(answer: object, pieces: AsyncIterable<string>): Promise<Response> {
  for await (const _ of pieces);
  return Response.json(answer)
}

/** As OpenAI ends a stream. */
async function* ended(chunks: AsyncIterable<object>): AsyncGenerator<object | string> {
  yield* chunks
  yield '[DONE]'
}
