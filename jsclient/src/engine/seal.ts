/**
 * Takes the network from a worker that has all it needs. The client sends no local-only prompt anywhere; this keeps the
 * packages that see the prompt from doing it either. What no script can take away, `import()` and functions that somebody
 * kept a reference to, is a Content-Security-Policy's to forbid.
 */

/** What reaches the network from a thread, or starts a thread that does, by its place in the global scope. */
const DOORS = [
  // Of the prototypes, which instances made before would still use.
  'XMLHttpRequest.prototype.open',
  'XMLHttpRequest.prototype.send',
  'WebSocket.prototype.send',
  'Cache.prototype.add',
  'Cache.prototype.addAll',
  'ServiceWorkerContainer.prototype.register',
  'Navigator.prototype.sendBeacon',
  'fetch',
  'fetchLater',
  'importScripts',
  'XMLHttpRequest',
  'WebSocket',
  'WebSocketStream',
  'WebTransport',
  'EventSource',
  'RTCPeerConnection',
  'TCPSocket',
  'UDPSocket',
  // They fetch a typeface and an icon.
  'FontFace',
  'Notification',
  'Worker',
  'SharedWorker',
] as const

type Door = (typeof DOORS)[number]

/** Their callers expect a promise. */
const PROMISING: readonly Door[] = [
  'fetch',
  'Cache.prototype.add',
  'Cache.prototype.addAll',
  'ServiceWorkerContainer.prototype.register',
]

const sealed = new WeakSet<object>()

/**
 * From now on, and for good, what reaches the network from this thread throws or rejects with a `NotAllowedError`. What
 * was begun goes on. Storage and messages to other threads of the origin stay: the answer has to get out. Idempotent.
 * Throws where something can't be taken away.
 */
export function sealNetwork(scope: object = globalThis): void {
  if (sealed.has(scope)) return
  for (const door of DOORS) {
    const path = door.split('.')
    const name = path.pop() as string
    const holder = path.reduce<unknown>((at, step) => (at as Record<string, unknown> | undefined)?.[step], scope)
    // The global scope inherits some of its members.
    for (let at = holder; at; at = Object.getPrototypeOf(at)) {
      if (!Object.hasOwn(at, name)) continue
      Object.defineProperty(at, name, { value: refusalOf(door), writable: false, configurable: false })
    }
  }
  sealed.add(scope)
}

/** A function that refuses, called with `new` or without. */
function refusalOf(door: Door): () => unknown {
  const refuse = () =>
    new DOMException(
      `${door} is out of use: this worker gave up the network when its model was loaded, so that no prompt can leave the device`,
      'NotAllowedError',
    )
  if (PROMISING.includes(door)) return () => Promise.reject(refuse())
  return function refused() {
    throw refuse()
  }
}
