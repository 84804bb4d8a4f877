/** Makes WebLLM forget what it has stored of a model. */
import type { WebLLMPeer } from './peer.ts'
import type { Resolved } from './record.ts'
import { CACHES, folderOf } from './source.ts'

/**
 * Deletes what may have made a load fail: whatever is stored of the model but its weights, whose lengths were checked
 * and which are the gigabyte that nobody wants to fetch twice. WebLLM's stores other than the default one can only
 * forget a model as a whole.
 */
export async function forgetSmallFiles({ record, appConfig }: Resolved, peer: WebLLMPeer): Promise<void> {
  if ((appConfig.cacheBackend ?? 'cache') !== 'cache') {
    return peer.deleteModelAllInfoInCache(record.model_id, appConfig)
  }
  const folder = folderOf(record.model, record.model)
  for (const name of Object.values(CACHES)) {
    const cache = await caches.open(name)
    for (const request of await cache.keys()) {
      const { url } = request
      const small = url.startsWith(folder) && !url.endsWith('.bin')
      if (small || url === record.model_lib) await cache.delete(request)
    }
  }
}
