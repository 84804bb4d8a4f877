import { InvalidRequestError } from '../errors/invalid-request-error.ts'

/**
 * The absolute address of a path under `baseURL`. A relative base, such as "/api/v1", needs a page or a worker to be
 * relative to; without one, as in Node, it is an InvalidRequestError. So is anything but http and https, a base with a
 * query or a fragment, and one with a password in it, which fetch refuses.
 */
export function resolveURL(baseURL: string, path: string): string {
  try {
    const here = (globalThis as { location?: { href: string } }).location?.href
    const url = new URL(baseURL || '/', here)
    if (/^https?:$/.test(url.protocol) && !(url.username || url.password || url.search || url.hash)) {
      return url.href.replace(/\/*$/, path)
    }
  } catch {
    // Not an address at all.
  }
  throw new InvalidRequestError('`baseURL` must be a plain http or https address; in Node, an absolute one.', {
    param: 'baseURL',
  })
}
