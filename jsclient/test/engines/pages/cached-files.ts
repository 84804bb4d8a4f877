/** Runs in Chromium: what tests do to the files in the Cache API. */

/** Changes the bytes of a stored file in place, and leaves its headers as they are. */
export async function rewrite(path: string, change: (bytes: Uint8Array) => void): Promise<void> {
  for (const name of await caches.keys()) {
    const cache = await caches.open(name)
    const file = await cache.match(path)
    if (!file) continue
    const bytes = new Uint8Array(await file.arrayBuffer())
    change(bytes)
    await cache.put(path, new Response(bytes, { headers: file.headers }))
  }
}

/** Stores a file of the application's own in every cache there is. */
export async function putOwn(path: string): Promise<void> {
  for (const name of await caches.keys()) await (await caches.open(name)).put(path, new Response('mine'))
}
