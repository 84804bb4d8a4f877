/** Whether a model's weights are on disk, read from the Cache API so that six megabytes of code need not be loaded. */

import { PEER_DEFAULT } from '../../engine/peer-default.ts'
import type { ModelInfo } from '../../wire.ts'
import type { TensorManifest } from './peer.ts'
import { folderOf, type HostConfig, modelIdOf } from './source.ts'

const CACHE_NAME = 'webllm/model'
const MANIFEST = 'tensor-cache.json'

/** For WebLLM's default store. Its entries are whole files: an interrupted download leaves none. */
export async function hasWeights(model: ModelInfo, { baseURL, appConfig }: HostConfig): Promise<boolean> {
  if (!(await caches.has(CACHE_NAME))) return false
  const cache = await caches.open(CACHE_NAME)
  const urls = (await cache.keys()).map(({ url }) => url)
  const manifest = urls.find(manifestFinder(model, baseURL, appConfig))
  if (manifest === undefined) return false
  const list: TensorManifest | undefined = await (await cache.match(manifest))?.json()
  return list?.records.every(({ dataPath }) => urls.includes(new URL(dataPath, manifest).href)) ?? false
}

/** Recognises the manifest by its URL; of the package's own models, whose list only the worker has, by their repository. */
function manifestFinder(model: ModelInfo, baseURL: string, app: HostConfig['appConfig']): (url: string) => boolean {
  const { modelURL } = model.source ?? {}
  const id = modelIdOf(model)
  const records = app === PEER_DEFAULT ? [] : app.model_list
  const known = modelURL ?? records?.find((record) => record.model_id === id)?.model
  if (known !== undefined) return (url) => url === folderOf(known, baseURL) + MANIFEST
  const end = `/${id.replace(/-1k$/, '')}/resolve/main/${MANIFEST}`
  return (url) => app === PEER_DEFAULT && url.endsWith(end)
}
