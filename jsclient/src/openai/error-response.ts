import { isEdgewiseError } from '../errors/edgewise-error.ts'
import { isInvalidRequestError } from '../errors/invalid-request-error.ts'
import { isNoTargetError } from '../errors/no-target-error.ts'
import { isServerError } from '../errors/server-error.ts'
import { isUnauthorizedError } from '../errors/unauthorized-error.ts'
import type { ErrorBody, ErrorType } from '../wire.ts'

/** What a failure is called in OpenAI's terms. */
interface Complaint {
  readonly status: number
  readonly type: ErrorType
  readonly code: string | null
  readonly param?: string | null | undefined
  readonly headers?: Record<string, string>
}

/** Clients repeat what failed, some by default. All that could be tried was tried. */
const FINAL = { 'x-should-retry': 'false' }

/** A failure as a response. What is no failure of ours, such as a mistake in a callback, is thrown on. */
export function errorResponse(error: unknown): Response {
  const { status, headers = {} } = complaintOf(error)
  return Response.json(errorBody(error), { status, headers })
}

/** A failure as the body of a response, or as an event. */
export function errorBody(error: unknown): ErrorBody {
  const { type, code, param = null } = complaintOf(error)
  return { error: { message: (error as Error).message, type, code, param } }
}

export function notFound(what: string): Response {
  const message = `There is no ${what} here: only POST /chat/completions and GET /models.`
  const body: ErrorBody = { error: { message, type: 'invalid_request_error', code: 'not_found', param: null } }
  return Response.json(body, { status: 404 })
}

function complaintOf(error: unknown): Complaint {
  if (!isEdgewiseError(error)) throw error
  const { code } = error
  if (isInvalidRequestError(error)) return { status: 400, type: 'invalid_request_error', code, param: error.param }
  if (isUnauthorizedError(error)) return { status: 401, type: 'authentication_error', code, headers: FINAL }
  if (isNoTargetError(error)) return { status: 503, type: 'server_error', code: error.reason, headers: FINAL }
  if (!isServerError(error)) return { status: 503, type: 'server_error', code, headers: FINAL }
  const { type, param, retryAfterMs } = error
  // An error within a stream, or an answer that was none.
  const status = error.status < 400 ? 502 : error.status
  const seconds = retryAfterMs === undefined ? undefined : Math.ceil(retryAfterMs / 1000)
  return { status, type, code, param, ...(seconds !== undefined && { headers: { 'retry-after': `${seconds}` } }) }
}
