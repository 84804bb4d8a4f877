import { EdgewiseError, guardOf } from './edgewise-error.ts'

/**
 * No answer came: offline, DNS, TLS, refused, reset, or blocked by CORS or CSP; browsers don't say which. `cause` is
 * what `fetch` threw.
 */
export class NetworkError extends EdgewiseError {
  override readonly name = 'NetworkError'
  declare readonly code: 'network_error'
  /** The address that was asked, without its query. */
  readonly url: string

  constructor(url: string, options: { cause: unknown }) {
    super(`No answer from ${url}. Check the connection, \`baseURL\`, CORS and CSP.`, {
      ...options,
      code: 'network_error',
    })
    this.url = url
  }
}

/** Whether an error is a `NetworkError`, of whichever copy of this package. */
export const isNetworkError = guardOf<NetworkError>('NetworkError')
