/** What is on the device of a model, read from the Cache API so that six megabytes of code need not be loaded. */

import type { NeededFile } from '../../engine/cache-store.ts'
import { createCacheStore, existingCache, missingFiles, storedJSON } from '../../engine/cache-store.ts'
import { checksumsOf, fileOf } from '../../engine/checksums.ts'
import type { EngineStore } from '../../engine/engine.ts'
import { PEER_DEFAULT } from '../../engine/peer-default.ts'
import { servedBytes, servedJSON } from '../../engine/served-files.ts'
import type { ModelInfo } from '../../wire.ts'
import type { ChatConfig, ModelRecord, TensorManifest } from './peer.ts'
import { CACHES, findRecord, folderOf, type HostConfig, modelIdOf } from './source.ts'

const CONFIG = 'mlc-chat-config.json'
const MANIFEST = 'tensor-cache.json'

/** Whether a model's weights are here, all of them. */
export async function isCached(model: ModelInfo, config: HostConfig): Promise<boolean> {
  const cache = await existingCache(CACHES.model)
  const urls = ((await cache?.keys()) ?? []).map(({ url }) => url)
  const url = urls.find(manifestFinder(model, config))
  const manifest = await storedJSON(cache, url)
  if (!url || !manifest) return false
  return (await missingFiles(cache, shardsOf(model, url, manifest as TensorManifest))).length === 0
}

/** For WebLLM's default store. */
export function createStore(configOf: () => HostConfig): EngineStore {
  return createCacheStore({
    caches: Object.values(CACHES),

    async missingBytes(model, signal) {
      const config = configOf()
      const record = knownRecord(model, config)
      if (record) return missingOf(model, record, signal)
      return (await isCached(model, config)) ? 0 : undefined
    },

    belongs(model) {
      const record = knownRecord(model, configOf())
      if (!record) return () => true
      const folder = folderOf(record.model, record.model)
      return (url) => url.startsWith(folder) || url === record.model_lib
    },
  })
}

/** The package's own records are the worker's to know. */
function knownRecord(model: ModelInfo, { baseURL, appConfig }: HostConfig): ModelRecord | undefined {
  const records = appConfig === PEER_DEFAULT ? [] : appConfig.model_list
  return findRecord(model, records ?? [], baseURL)
}

/** Recognises the list of the weights by its URL; of the package's own models by their repository. */
function manifestFinder(model: ModelInfo, config: HostConfig): (url: string) => boolean {
  const record = knownRecord(model, config)
  if (record) return (url) => url === folderOf(record.model, record.model) + MANIFEST
  const end = `/${modelIdOf(model).replace(/-1k$/, '')}/resolve/main/${MANIFEST}`
  return (url) => config.appConfig === PEER_DEFAULT && url.endsWith(end)
}

interface Shard extends NeededFile {
  bytes: number
}

function shardsOf(model: ModelInfo, manifestURL: string, { records }: TensorManifest): Shard[] {
  return records.map(({ dataPath, nbytes }) => {
    const url = new URL(dataPath, manifestURL).href
    return { url, checksums: checksumsOf(model, fileOf(url)), bytes: nbytes }
  })
}

async function missingOf(
  model: ModelInfo,
  record: ModelRecord,
  signal: AbortSignal | undefined,
): Promise<number | undefined> {
  const at = (file: string): NeededFile => ({
    url: folderOf(record.model, record.model) + file,
    checksums: checksumsOf(model, file),
  })
  const [configs, libraries, files] = await Promise.all(
    [CACHES.config, CACHES.library, CACHES.model].map(existingCache),
  )
  const read = async (cache: Cache | undefined, { url }: NeededFile) =>
    (await storedJSON(cache, url)) ?? (await servedJSON(url, signal))
  const chat = (await read(configs, at(CONFIG))) as ChatConfig | undefined
  const manifest = (await read(files, at(MANIFEST))) as TensorManifest | undefined
  if (!chat || !manifest) return undefined
  const tokenizer = ['tokenizer.json', 'tokenizer.model'].find((file) => chat.tokenizer_files.includes(file))
  const library = { url: record.model_lib, checksums: checksumsOf(model, fileOf(record.model_lib)) }
  const missing = await Promise.all([
    missingFiles(configs, [at(CONFIG)]),
    missingFiles(libraries, isStored(library.url) ? [library] : []),
    missingFiles(files, [at(MANIFEST), ...(tokenizer ? [at(tokenizer)] : [])]),
  ])
  const shards = shardsOf(model, at(MANIFEST).url, manifest)
  const missingShards = new Set(await missingFiles(files, shards))
  const weights = shards.reduce((sum, shard) => sum + (missingShards.has(shard) ? shard.bytes : 0), 0)
  const others = await servedBytes(missing.flat(), signal)
  return others === undefined ? undefined : weights + others
}

/** WebLLM never stores such a library. */
function isStored(library: string): boolean {
  return !library.includes('localhost')
}
