/** An engine whose models are bytes: downloaded for real, kept in the Cache API for real, and never run. */
import type { Engine, LoadedModel, LoadOptions } from '../../../src/engine/engine.ts'
import { EngineError } from '../../../src/errors/engine-error.ts'
import type { ModelInfo } from '../../../src/wire.ts'

const CACHE = 'weights'
/** A model is so many files of the same size. */
const FILES = 4

const urlsOf = ({ id, sizeBytes }: ModelInfo): string[] =>
  Array.from({ length: FILES }, (_, i) => new URL(`/weights/${id}/${sizeBytes / FILES}/${i}`, location.href).href)

async function missing(model: ModelInfo): Promise<string[]> {
  const cache = await caches.open(CACHE)
  const present = await Promise.all(urlsOf(model).map((url) => cache.match(url)))
  return urlsOf(model).filter((_, i) => !present[i])
}

/** Where the files lie of an id, whichever their version. */
async function filesOf({ id }: ModelInfo): Promise<Request[]> {
  return (await (await caches.open(CACHE)).keys()).filter(({ url }) =>
    new URL(url).pathname.startsWith(`/weights/${id}/`),
  )
}

export const cacheEngine: Engine = {
  name: 'cache',
  status: async (model) => ((await missing(model)).length === 0 ? 'cached' : 'absent'),
  load: fetchAll,
  dispose: async () => {},
  store: {
    missingBytes: async (model) => ((await missing(model)).length * model.sizeBytes) / FILES,
    async storedBytes(model) {
      const cache = await caches.open(CACHE)
      const found = (await filesOf(model)).map(async (request) => (await cache.match(request))?.arrayBuffer())
      return (await Promise.all(found)).reduce((sum, bytes) => sum + (bytes?.byteLength ?? 0), 0)
    },
    async remove(model) {
      const cache = await caches.open(CACHE)
      for (const request of await filesOf(model)) await cache.delete(request)
    },
    async removeOld(model) {
      const cache = await caches.open(CACHE)
      const present = new Set(urlsOf(model))
      for (const request of await filesOf(model)) if (!present.has(request.url)) await cache.delete(request)
    },
  },
}

async function fetchAll(model: ModelInfo, { signal, onProgress }: LoadOptions = {}): Promise<LoadedModel> {
  const totalBytes = model.sizeBytes
  const urls = await missing(model)
  let loadedBytes = totalBytes - (urls.length * totalBytes) / FILES
  const report = () => onProgress?.({ progress: loadedBytes / totalBytes, stage: 'download', loadedBytes, totalBytes })
  report()
  try {
    for (const url of urls) {
      const { body } = await fetch(url, { ...(signal && { signal }), cache: 'no-store' })
      const counting = new TransformStream<Uint8Array<ArrayBuffer>, Uint8Array<ArrayBuffer>>({
        transform(chunk, controller) {
          loadedBytes += chunk.byteLength
          report()
          controller.enqueue(chunk)
        },
      })
      const whole = await new Response(body?.pipeThrough(counting)).blob()
      await (await caches.open(CACHE)).put(url, new Response(whole))
    }
  } catch (cause) {
    signal?.throwIfAborted()
    const code =
      cause instanceof DOMException && cause.name === 'QuotaExceededError' ? 'quota_exceeded' : 'download_failed'
    throw new EngineError(String(cause), { stage: 'load', code, cause })
  }
  return {
    model,
    lost: new Promise(() => {}),
    unload: async () => {},
    generate: () => {
      throw new Error('it has nothing to say')
    },
  }
}
