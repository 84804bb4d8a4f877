import { EdgewiseError, guardOf } from './edgewise-error.ts'

/** The server answered 401, and again after the credentials were refreshed once, if `headers` could refresh them. */
export class UnauthorizedError extends EdgewiseError {
  override readonly name = 'UnauthorizedError'
  /** The server's code, usually "unauthorized". */
  declare readonly code: string
  /** The HTTP status. */
  readonly status = 401
  /** The server's id of the request, for its logs. */
  readonly requestId: string | undefined

  constructor(message: string, options: { code?: string | null; requestId?: string | undefined } = {}) {
    super(`${message} Sign in again, or check \`headers\`.`, {
      code: options.code ?? 'unauthorized',
    })
    this.requestId = options.requestId
  }
}

/** Whether an error is an `UnauthorizedError`, of whichever copy of this package. */
export const isUnauthorizedError = guardOf<UnauthorizedError>('UnauthorizedError')
