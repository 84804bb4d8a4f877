/** What is on the device of a model, read from the Cache API so that nothing has to be loaded to know. */
import type { NeededFile } from '../../engine/cache-store.ts'
import { createCacheStore, existingCache, missingFiles, storedJSON } from '../../engine/cache-store.ts'
import type { EngineStore } from '../../engine/engine.ts'
import { servedBytes, servedJSON } from '../../engine/served-files.ts'
import type { ModelInfo } from '../../wire.ts'
import type { Config } from './contents.ts'
import { dataPrefix, filesOf } from './contents.ts'
import type { ModelSource } from './source.ts'
import { CACHE_NAME, checksumsAt } from './source.ts'

/** Never rejects. */
export async function isCached(info: ModelInfo, source: ModelSource): Promise<boolean> {
  try {
    const cache = await existingCache(CACHE_NAME)
    const config = await storedJSON(cache, configURL(source))
    return config !== undefined && (await missing(cache, info, source, config)).every(({ optional }) => optional)
  } catch {
    return false
  }
}

/** `sourceOf` gives undefined for a model that no load would take. */
export function createStore(sourceOf: (info: ModelInfo) => ModelSource | undefined): EngineStore {
  return createCacheStore({
    caches: [CACHE_NAME],

    async missingBytes(info, signal) {
      const source = sourceOf(info)
      if (!source) return undefined
      const cache = await existingCache(CACHE_NAME)
      const url = configURL(source)
      const config = (await storedJSON(cache, url)) ?? (await servedJSON(url, signal))
      return config && servedBytes(await missing(cache, info, source, config), signal)
    },

    belongs(info) {
      const source = sourceOf(info)
      if (!source) return () => true
      const others = new Set(filesOf(source, {}, undefined).map(({ url }) => url))
      // How many files with weights there are only the model's configuration tells.
      const weights = dataPrefix(source.graphURL)
      return (url) => others.has(url) || url.startsWith(weights)
    },
  })
}

async function missing(
  cache: Cache | undefined,
  info: ModelInfo,
  source: ModelSource,
  config: object,
): Promise<NeededFile[]> {
  const tokenizerConfig = await storedJSON(cache, new URL('tokenizer_config.json', source.filesURL).href)
  const files = filesOf(source, config as Config, tokenizerConfig as Config | undefined)
  return missingFiles(
    cache,
    files.map((file) => ({ ...file, checksums: checksumsAt(info, source, file.url) })),
  )
}

function configURL({ filesURL }: ModelSource): string {
  return new URL('config.json', filesURL).href
}
