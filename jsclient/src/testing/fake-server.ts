/** A server for tests, without a server. */
import { surface } from '../errors/surface.ts'
import { decide } from '../policy/decide.ts'
import { parseJSON } from '../transport/error-response.ts'
import { VERSION_HEADER, WIRE_VERSION } from '../transport/version.ts'
import type {
  ChatCompletionRequest,
  ModelInfo,
  PolicySpec,
  Report,
  ReportBatch,
  ReportReceipt,
  RouteResponse,
  Snapshot,
} from '../wire.ts'
import { type FakeAnswers, restOf, scriptOf } from './answer.ts'
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
import { checkHead, hasCopy, permit, readChat, readGenerate, readReports, readRoute } from './server-checks.ts'
import { CutError, type ServerFault, ServerFaults } from './server-faults.ts'
import { type Complaint, errorBody, errorResponse, Refusal } from './server-refusal.ts'
import type { FakeServerRequest } from './server-request.ts'
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
  /** Ids of the models that it answers with, the default one first; any other is not found. Defaults to "server-model". */
  serves?: readonly [string, ...string[]]
  /** What it answers. Defaults to "Hello from afar". */
  answer?: FakeAnswers<ChatCompletionRequest>
  /** What goes wrong; `server.faults` changes it later. Defaults to nothing. */
  faults?: readonly ServerFault[]
  /**
   * Changes what the policies decide. While there is one, `/browser/policy` has a policy besides that only the server can
   * evaluate, so that clients ask. Defaults to nothing.
   */
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

/**
 * The Edgewise server as a `fetch`, for a client under test: it decides by the policies of its snapshot, with the same
 * function as the real one, answers from a script, takes reports, and writes down all that reaches it. It refuses what the
 * real one refuses, with the same status and code, but it knows nobody: credentials, grants and limits are not looked
 * at, and sums of savings not kept. An answer has one choice, without log probabilities, and honours the limit on its
 * tokens and the stop texts. One that is to be continued, which the snapshot's `subject.server.continuation` must allow with
 * "native", says what its script has after the text that was begun.
 *
 * `fetch` rejects only where a fault or an abort makes it. A mistake in the test's own `answer`, `route` or `snapshot` is
 * reported as an uncaught error, by which test runners fail, and answered with status 500, code "fake_server_mistake".
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
  /** Changes what the policies decide. May be set at any time; a client that decides alone asks once it has heard of it. */
  route: FakeServerOptions['route']
  /** The version of the wire that it says it speaks; "" = it says none. May be set at any time. */
  version: string

  readonly #options: FakeServerOptions
  readonly #faults: ServerFaults
  readonly #reported = new Set<string>()
  /** What was given that has a tag; the place here is its tag. */
  readonly #tagged: string[] = []
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
    const seen: FakeServerRequest = { method, path, headers, body }
    this.requests.push(seen)
    await delay(this.#options.latencyMs ?? 0, signal)
    const response = (await this.#faults.meet(path, signal)) ?? (await this.#respond(seen, signal))
    if (this.version) response.headers.set(VERSION_HEADER, this.version)
    return response
  }

  /** The bodies of the requests to a path, parsed; those that are no JSON are left out. */
  bodies<T>(path: string): T[] {
    const bodies = this.requests.filter((one) => one.path === path).map(({ body }) => parseJSON(body))
    return bodies.filter((body) => body !== undefined) as T[]
  }

  /** The reports of local answers that came. */
  reports(): Report[] {
    const bodies = this.bodies<Partial<ReportBatch>>('/browser/analytics')
    return bodies.flatMap(({ grant: _, reports, ...only }) => reports ?? (only as Report))
  }

  async #respond(request: FakeServerRequest, signal: AbortSignal): Promise<Response> {
    try {
      checkHead(request, this.version)
      return await this.#answer(request, signal)
    } catch (error) {
      if (error instanceof Refusal) return errorResponse(error.status, error.complaint, error.headers)
      return errorResponse(500, mistake(error, signal))
    }
  }

  async #answer(request: FakeServerRequest, signal: AbortSignal): Promise<Response> {
    const { path, body } = request
    const { revision, models } = this.snapshot
    switch (path) {
      case '/browser/policy':
        return this.#tag(request, this.#policy)
      case '/browser/models':
        return this.#tag(request, { revision, models })
      case '/browser/route':
        return Response.json(this.#route(body))
      case '/browser/analytics':
        return Response.json(this.#receive(body), { status: 202 })
      case '/models':
        return this.#tag(request, modelList(this.#serves))
      case '/generate':
        return this.#generate(path, body, signal)
      default:
        return this.#chat(path, body, signal)
    }
  }

  /** What is transferred only when it changed. */
  #tag(request: FakeServerRequest, answer: object): Response {
    const text = JSON.stringify(answer)
    if (!this.#tagged.includes(text)) this.#tagged.push(text)
    const etag = `W/"${this.#tagged.indexOf(text)}"`
    const headers = { etag, 'cache-control': 'private, no-cache', 'content-type': 'application/json' }
    return hasCopy(request, etag) ? new Response(null, { status: 304, headers }) : new Response(text, { headers })
  }

  /** The snapshot, from which nobody could tell what `route` makes of a decision. */
  get #policy(): Snapshot {
    if (!this.route) return this.snapshot
    return { ...this.snapshot, policies: [...this.snapshot.policies, { name: 'fake.route', opaque: true }] }
  }

  #route(body: string): RouteResponse {
    const { state, trace, ...request } = readRoute(body)
    const { undecidable: _, ...decision } = decide(this.snapshot, state ?? {}, request, { trace })
    const { revision: policyRevision } = this.snapshot
    const answer: RouteResponse = { ...decision, decisionId: `d${++this.#decisions}`, policyRevision }
    return { ...answer, ...this.route?.(answer) }
  }

  #receive(body: string): ReportReceipt {
    const ids = readReports(body).map(({ id }) => id)
    const known = this.#reported.size
    for (const id of ids) this.#reported.add(id)
    const accepted = this.#reported.size - known
    return { accepted, duplicates: ids.length - accepted, dropped: 0 }
  }

  async #chat(path: string, body: string, signal: AbortSignal): Promise<Response> {
    const request = readChat(body, this.snapshot)
    const answer = this.#say(path, request)
    const pieces = this.#pieces(path, answer, signal)
    if (!request.stream) return whole(completionOf(answer), pieces)
    const chunks = chunksOf(answer, pieces, request.stream_options?.include_usage ?? false)
    return eventStream(told(ended(chunks), signal), signal)
  }

  async #generate(path: string, body: string, signal: AbortSignal): Promise<Response> {
    const request = readGenerate(body)
    const answer = this.#say(path, chatOf(request))
    const pieces = this.#pieces(path, answer, signal)
    if (!request.stream) return whole(simpleOf(answer), pieces)
    return eventStream(told(simpleEvents(answer, pieces), signal), signal)
  }

  get #serves(): readonly [string, ...string[]] {
    return this.#options.serves ?? ['server-model']
  }

  #say(path: string, request: ChatCompletionRequest): ServerAnswer {
    permit(this.snapshot, request)
    const model = !request.model || request.model === 'auto' ? this.#serves[0] : request.model
    if (!this.#serves.includes(model)) {
      throw new Refusal(404, { message: 'the model does not exist', code: 'model_not_found', param: 'model' })
    }
    const script = scriptOf(this.answer, request)
    const continues = request.continue_final_message === true
    const tokens = continues ? restOf(script.tokens, request.messages, this.#faults.echoes(path)) : script.tokens
    return answerTo(request, { ...script, tokens }, model)
  }

  async *#pieces(path: string, { tokens, held }: ServerAnswer, signal: AbortSignal): AsyncGenerator<string> {
    for (const [at, token] of tokens.entries()) {
      await this.#faults.meet(path, signal, at)
      await delay(this.#options.tokenMs ?? 0, signal)
      if (token !== '') yield token
    }
    await this.#faults.meet(path, signal, tokens.length)
    if (held !== '') yield held
  }
}

/** An answer that comes when its last piece is there. */
async function whole(answer: object, pieces: AsyncIterable<string>): Promise<Response> {
  for await (const _ of pieces);
  return Response.json(answer)
}

/** Events as text. A stream that has begun tells of a mistake in its last one. */
async function* told(events: AsyncIterable<object | string>, signal: AbortSignal): AsyncGenerator<string> {
  try {
    for await (const event of events) yield typeof event === 'string' ? event : JSON.stringify(event)
  } catch (error) {
    yield JSON.stringify(errorBody(500, mistake(error, signal)))
  }
}

/** Makes a mistake of the test's visible, and says what to answer. What was wanted to break is thrown on. */
function mistake(error: unknown, signal: AbortSignal): Complaint {
  if (signal.aborted || error instanceof CutError) throw error
  surface(error)
  return { message: `The test's own answer, route or snapshot fails: ${error}`, code: 'fake_server_mistake' }
}

function modelList(ids: readonly string[]): object {
  return { object: 'list', data: ids.map((id) => ({ id, object: 'model', created: 0, owned_by: 'tests' })) }
}

/** As OpenAI ends a stream. */
async function* ended(chunks: AsyncIterable<object>): AsyncGenerator<object | string> {
  yield* chunks
  yield '[DONE]'
}
