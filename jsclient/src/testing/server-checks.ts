/** What the real server refuses before it answers, in its order. */
import { isInvalidRequestError } from '../errors/invalid-request-error.ts'
import { decide } from '../policy/decide.ts'
import { checkRequest } from '../policy/request.ts'
import { parseJSON } from '../transport/error-response.ts'
import { VERSION_HEADER } from '../transport/version.ts'
import type {
  ChatCompletionRequest,
  Continuation,
  GenerateRequest,
  Report,
  ReportBatch,
  RequestInfo,
  RouteRequest,
  Snapshot,
} from '../wire.ts'
import { promptOf } from './answer.ts'
import { Refusal } from './server-refusal.ts'
import type { FakeServerRequest } from './server-request.ts'
import { CHAT, checkTypes, GENERATE, REPORTS, ROUTE } from './server-types.ts'

const METHODS: Readonly<Record<string, 'GET' | 'POST'>> = {
  '/browser/policy': 'GET',
  '/browser/models': 'GET',
  '/browser/route': 'POST',
  '/browser/analytics': 'POST',
  '/chat/completions': 'POST',
  '/generate': 'POST',
  '/models': 'GET',
}

/** Refuses what needs no look at the body. `version` is the server's own; "" = it has never heard of versions. */
export function checkHead({ path, method, headers }: FakeServerRequest, version: string): void {
  const wanted = Object.hasOwn(METHODS, path) ? METHODS[path] : undefined
  if (!wanted) throw new Refusal(404, { message: 'there is nothing at this path', code: 'not_found' })
  const allow = wanted === 'GET' ? 'GET, HEAD' : wanted
  if (!allow.split(', ').includes(method)) {
    throw new Refusal(405, { message: `this path takes ${allow} only`, code: 'method_not_allowed' }, { allow })
  }
  const said = headers.get(VERSION_HEADER)
  const [major] = version.split('.')
  if (version && said && !(/^\d+\.\d+$/.test(said) && said.startsWith(`${major}.`))) {
    const message = `the request is of version "${said}", and this service speaks ${version}: load the page anew`
    throw new Refusal(400, { message, code: 'unsupported_version' })
  }
  // Beacons carry text.
  if (wanted === 'POST' && path !== '/browser/analytics' && !isJSON(headers.get('content-type'))) {
    const message = 'the Content-Type must be application/json'
    throw new Refusal(415, { message, code: 'unsupported_media_type' })
  }
}

export function readRoute(body: string): RouteRequest {
  const request = readBody<RouteRequest>(body, ROUTE)
  needs('promptLength', request.promptLength)
  checkInfo(request)
  return request
}

export function readChat(body: string, { subject }: Snapshot): ChatCompletionRequest {
  const request = readBody<ChatCompletionRequest>(body, CHAT)
  needs('messages', request.messages)
  if (request.messages.length === 0) invalid('messages', 'must not be empty')
  for (const field of ['n', 'max_tokens', 'max_completion_tokens'] as const) {
    if ((request[field] ?? 1) < 1) invalid(field, 'must be 1 or more, and below 2^53')
  }
  if (request.continue_final_message === true) checkContinuable(request, subject.server.continuation)
  return request
}

/** Refuses to continue where the answer would begin anew. */
function checkContinuable(request: ChatCompletionRequest, continuation?: Continuation): void {
  const param = 'continue_final_message'
  if (continuation !== 'native') {
    const message = "this service can't continue a message"
    throw new Refusal(400, { message, code: 'unsupported_parameter', param })
  }
  const { messages, add_generation_prompt: adds } = request
  if (messages.at(-1)?.role !== 'assistant') invalid(param, "must be false unless the last message is the assistant's")
  if (adds !== false) invalid('add_generation_prompt', `must be false together with ${param}`)
}

export function readGenerate(body: string): GenerateRequest {
  const request = readBody<GenerateRequest>(body, GENERATE)
  needs('prompt', request.prompt)
  if (request.prompt === '') invalid('prompt', 'must not be empty')
  return request
}

/** The reports of a batch, or the only one, which stands beside its grant. */
export function readReports(body: string): Pick<Report, 'id'>[] {
  const { grant, reports, ...only } = readBody<Partial<ReportBatch>>(body, REPORTS)
  if (!grant) {
    const message = 'grant is missing: the snapshot holds it'
    throw new Refusal(401, { message, code: 'unauthorized', param: 'grant' })
  }
  const list = reports ?? [only as Report]
  list.forEach(({ id }, at) => {
    const param = reports ? `reports[${at}].id` : 'id'
    if (typeof id !== 'string') invalid(param, "must be the grant's id, a dot and a number from 1")
  })
  return list
}

/** Asks the policies whether the server may answer at all, whatever the page decided. */
export function permit(snapshot: Snapshot, { messages, ...asked }: ChatCompletionRequest): void {
  const info: RequestInfo = {
    promptLength: [...promptOf(messages).join('')].length,
    maxTokens: asked.max_completion_tokens ?? asked.max_tokens ?? 0,
    ...(asked.privacy && { privacy: asked.privacy }),
    ...(asked.conversationId && { conversationId: asked.conversationId }),
  }
  checkInfo(info)
  const { trace = [] } = decide(snapshot, {}, info, { trace: true })
  const why = trace.find(({ step, target }) => step === 'forbid' && target === 'server')?.said
  if (!why) return
  const status = why === 'budget_exhausted' ? 429 : 403
  throw new Refusal(status, { message: `the server may not answer this request: ${why}`, code: why })
}

/** Whether the client has what the tag names. */
export function hasCopy({ headers }: FakeServerRequest, etag: string): boolean {
  const tags = (headers.get('if-none-match') ?? '').split(',').map((tag) => tag.trim().replace(/^W\//, ''))
  return tags.includes('*') || tags.includes(etag.replace(/^W\//, ''))
}

function readBody<T>(body: string, types: Parameters<typeof checkTypes>[1]): T {
  const value = parseJSON(body)
  if (value === undefined) throw new Refusal(400, { message: 'the body is not valid JSON', code: 'invalid_json' })
  checkTypes(value ?? false, types)
  return value as T
}

function checkInfo(info: RequestInfo): void {
  try {
    checkRequest(info)
  } catch (error) {
    if (!isInvalidRequestError(error)) throw error
    throw new Refusal(400, { message: error.message, code: error.code, param: error.param ?? null })
  }
}

function needs(param: string, value: unknown): void {
  if (value === undefined || value === null) {
    throw new Refusal(400, { message: `${param} is missing`, code: 'missing_field', param })
  }
}

function invalid(param: string, problem: string): never {
  throw new Refusal(400, { message: `${param} ${problem}`, code: 'invalid_value', param })
}

function isJSON(contentType: string | null): boolean {
  return /^(application\/json|[^;]*\+json)\s*(;|$)/i.test(contentType?.trim() ?? '')
}
