import type { ErrorType } from '../wire.ts'
import { EdgewiseError, guardOf } from './edgewise-error.ts'

/** Fields of {@link ServerError}. */
export interface ServerErrorInit {
  status: number
  type?: ErrorType
  code?: string | null
  param?: string | null
  retryAfterMs?: number | undefined
  requestId?: string | undefined
  cause?: unknown
}

/**
 * The server answered, and the answer is an error: an HTTP status of 400 or more, an error inside a stream, or a body
 * that is not what was asked for (`code` "invalid_response").
 */
export class ServerError extends EdgewiseError {
  override readonly name = 'ServerError'
  /** HTTP status. 200 for an error inside a stream, whose kind is in `type` and `code`. */
  readonly status: number
  /** OpenAI's class of error: "invalid_request_error", "rate_limit_error", "server_error", … */
  readonly type: ErrorType
  /** The field that the server objects to. */
  readonly param: string | null
  /** How long the server asks to wait before the next try, ms. */
  readonly retryAfterMs: number | undefined
  /** The server's id of the request, for its logs. */
  readonly requestId: string | undefined

  constructor(message: string, init: ServerErrorInit) {
    super(message, { ...init, code: init.code ?? null })
    this.status = init.status
    this.type = init.type ?? (init.status >= 400 && init.status < 500 ? 'invalid_request_error' : 'server_error')
    this.param = init.param ?? null
    this.retryAfterMs = init.retryAfterMs
    this.requestId = init.requestId
  }
}

/** Whether a status says "not now": timeout, too early, too many requests. */
export function isBusy(status: number): boolean {
  return status === 408 || status === 425 || status === 429
}

/** Whether an error is a `ServerError`, of whichever copy of this package. */
export const isServerError = guardOf<ServerError>('ServerError')

/** Whether an error is a server's of the moment, or of something between here and the server, such as a captive portal. */
export function isPassing(error: unknown): boolean {
  if (!isServerError(error)) return false
  return error.status >= 500 || isBusy(error.status) || error.code === 'invalid_response'
}
