/** Makes a URL absolute as the page means it: a worker would take it for one beside its own script. */
export function pageURL(url: string | URL): string {
  return new URL(url, pageBase()).href
}

/** What relative URLs of the page are relative to; to nothing where there is no page. */
export function pageBase(): string {
  return typeof document === 'undefined' ? (globalThis.location?.href ?? 'about:blank') : document.baseURI
}
