// The demo's service worker: it keeps what the page is made of, so that the page opens without the server. Files of two
// versions never meet: those of a version are kept together, and a newer one waits until the user wants it.
//
// It answers for nothing else. The client asks the API itself, whose answers are one user's; the engine keeps the models.

/**
 * Written before this script by the server. The version is a hash of all files.
 *
 * @typedef {{ version: string, files: string[] }} Shell
 */

/** @typedef {Event & { waitUntil(done: Promise<unknown>): void }} LifecycleEvent */
/** @typedef {LifecycleEvent & { request: Request, respondWith(answer: Promise<Response>): void }} RequestEvent */

/**
 * What this script needs of the types of service workers, which can't be had beside those of pages.
 *
 * @typedef {object} Scope
 * @property {Shell} SHELL
 * @property {ServiceWorkerRegistration} registration
 * @property {() => Promise<void>} skipWaiting
 * @property {((type: 'install' | 'activate', listener: (event: LifecycleEvent) => void) => void)
 *   & ((type: 'fetch', listener: (event: RequestEvent) => void) => void)
 *   & ((type: 'message', listener: (event: MessageEvent) => void) => void)} addEventListener
 */

const scope = /** @type {Scope} */ (/** @type {unknown} */ (self))
// snippet:begin
const { version, files } = scope.SHELL

const PREFIX = 'edgewise-demo-'
const NAME = PREFIX + version
// snippet:end

/** The server names its version in it, with the page. */
const VERSION_HEADER = 'Demo-Shell'

/** How long a page that is kept waits for the server's word, ms. */
const PATIENCE_MS = 2_000
// snippet:begin

scope.addEventListener('install', (event) => event.waitUntil(keep()))
scope.addEventListener('activate', (event) => event.waitUntil(forgetOthers()))
scope.addEventListener('message', ({ data }) => {
  if (data === 'take over') void scope.skipWaiting()
})
scope.addEventListener('fetch', (event) => {
  const { request } = event
  const { origin, pathname } = new URL(request.url)
  if (request.method !== 'GET' || origin !== location.origin || !files.includes(pathname)) return
  event.respondWith(pathname === '/' ? page(request) : file(request))
})

/** Fetches every file, and the page last: if that still is of this version, so are they. */
async function keep() {
  const cache = await caches.open(NAME)
  const fresh = (/** @type {string} */ path) => new Request(path, { cache: 'no-cache' })
  await cache.addAll(files.filter((path) => path !== '/').map(fresh))
  await cache.add(fresh('/'))
  const kept = await cache.match('/')
  if (kept?.headers.get(VERSION_HEADER) !== version) throw new Error('the server has another version by now')
}

/** Only what earlier versions kept: the client's caches and the engine's are their own. */
async function forgetOthers() {
  const names = await caches.keys()
  await Promise.all(names.filter((name) => name.startsWith(PREFIX) && name !== NAME).map((name) => caches.delete(name)))
}
// snippet:end

/**
 * The page that is kept, unless another program has its address by now, as happens on localhost: that one is left alone
 * from then on. What the server answers is otherwise the same page, or one of a version that nobody has agreed to.
 *
 * @param {Request} request
 */
async function page(request) {
  const kept = await caches.match('/', { cacheName: NAME })
  if (!kept) return fetch(request)
  const answer = await inTime(request)
  if (!answer?.ok || answer.headers.has(VERSION_HEADER)) {
    void answer?.body?.cancel()
    return kept
  }
  await Promise.all([scope.registration.unregister(), caches.delete(NAME)])
  return answer
}

/** @param {Request} request */
async function file(request) {
  const { pathname } = new URL(request.url)
  return (await caches.match(pathname, { cacheName: NAME })) ?? fetch(request)
}

/**
 * What the server answers; undefined when it is out of reach or slow.
 *
 * @param {Request} request
 */
async function inTime(request) {
  const patience = new AbortController()
  const timer = setTimeout(() => patience.abort(), PATIENCE_MS)
  try {
    return await fetch(request, { signal: patience.signal })
  } catch {
    return undefined
  } finally {
    clearTimeout(timer)
  }
}
