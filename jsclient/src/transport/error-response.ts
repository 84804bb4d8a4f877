import { ServerError } from '../errors/server-error.ts'
import { UnauthorizedError } from '../errors/unauthorized-error.ts'
import type { ErrorBody } from '../wire.ts'

/** An error body as any server may send it: every field may be missing. */
export interface LooseErrorBody {
  error: Partial<ErrorBody['error']>
}

export function isErrorBody(body: unknown): body is LooseErrorBody {
  const error = (body as Partial<LooseErrorBody> | null | undefined)?.error
  return typeof error === 'object' && error !== null
}

/** The value of JSON text, or undefined when it is none. */
export function parseJSON(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

/** The error that a response of status 400 or more stands for. Reads the body. */
export async function errorFromResponse(response: Response): Promise<ServerError | UnauthorizedError> {
  const body = parseJSON(await response.text().catch(() => ''))
  // A body that is not of our shape comes from something in between, and its page is of no use in a message.
  return errorFromBody(isErrorBody(body) ? body : { error: {} }, response)
}

/** The error of an error body, which may come with any status: inside a stream it is 200. */
export function errorFromBody({ error }: LooseErrorBody, response: Response): ServerError | UnauthorizedError {
  const { status, headers } = response
  const { message, type, code, param } = error
  const init = {
    status,
    ...(type && { type }),
    // vLLM sends a number.
    code: code == null ? null : String(code),
    param: param ?? null,
    retryAfterMs: retryAfterMs(headers),
    requestId: headers.get('x-request-id') ?? undefined,
  }
  const text =
    message || `${response.url || 'The server'} answered with HTTP ${status}. Check \`baseURL\`, and the server.`
  return status === 401 ? new UnauthorizedError(text, init) : new ServerError(text, init)
}

/** The error for a successful response whose body is not what was asked for, as when a proxy serves its login page. */
export function invalidResponse(response: Response, wanted: string): ServerError {
  const message = `The answer is not ${wanted}. Check \`baseURL\`.`
  return errorFromBody({ error: { message, code: 'invalid_response' } }, response) as ServerError
}

/** `Retry-After`, in seconds or as a date. */
function retryAfterMs(headers: Headers): number | undefined {
  const value = headers.get('retry-after')
  if (!value) return undefined
  const ms = /^\d+$/.test(value) ? Number(value) * 1000 : Date.parse(value) - Date.now()
  return Number.isNaN(ms) ? undefined : Math.max(0, ms)
}
