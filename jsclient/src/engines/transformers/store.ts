/** What is on the device of a model, read from the Cache API so that nothing has to be loaded to know. */
import type { NeededFile } from '../../engine/cache-store.ts'
import { createCacheStore, existingCache, missingFiles, storedJSON } from '../../engine/cache-store.ts'
import { checksumsOf } from '../../engine/checksums.ts'
import type { EngineStore } from '../../engine/engine.ts'
import { PEER_DEFAULT } from '../../engine/peer-default.ts'
import { servedBytes, servedJSON } from '../../engine/served-files.ts'
import type { ModelInfo } from '../../wire.ts'
import type { HostConfig } from './source.ts'
import { CACHE_NAME, graphFile } from './source.ts'

/** Where a model and its runtime lie. */
export type Place = Omit<HostConfig, 'moduleURL' | 'numThreads' | 'device'>

/** Never rejects. */
export async function isCached(model: ModelInfo, place: Place): Promise<boolean> {
  try {
    const cache = await existingCache(CACHE_NAME)
    const config = await storedJSON(cache, await urlOf('config.json', cache, place))
    const files = await neededFiles(cache, model, place, config)
    return files !== undefined && (await missingFiles(cache, files)).every(({ optional }) => optional)
  } catch {
    return false
  }
}

/** `placeOf` gives undefined for a model that no load would take. */
export function createStore(placeOf: (model: ModelInfo) => Place | undefined): EngineStore {
  return createCacheStore({
    caches: [CACHE_NAME],

    async missingBytes(model, signal) {
      const place = placeOf(model)
      if (!place) return undefined
      const cache = await existingCache(CACHE_NAME)
      const url = await urlOf('config.json', cache, place)
      const config = (await storedJSON(cache, url)) ?? (url === undefined ? undefined : await servedJSON(url, signal))
      const files = await neededFiles(cache, model, place, config)
      return files && servedBytes(await missingFiles(cache, [...files, ...runtimeFiles(place)]), signal)
    },

    belongs(model) {
      const place = placeOf(model)
      const graph = place && graphFile(place.dtype)
      if (!graph) return () => true
      return (url) => {
        const file = fileAt(url, place)
        if (file === undefined) return isRuntimes(url, place)
        // How many files with weights there are only the model's configuration tells.
        return !file.startsWith('onnx/') || file === graph || file.startsWith(`${graph}_data`)
      }
    },
  })
}

/** What a load reads of a model; undefined when nobody can say. */
async function neededFiles(
  cache: Cache | undefined,
  model: ModelInfo,
  place: Place,
  config: object | undefined,
): Promise<NeededFile[] | undefined> {
  const graph = graphFile(place.dtype)
  if (graph === undefined || config === undefined) return undefined
  const chunks = Array.from({ length: externalChunks(config, graph) }, (_, i) => `${graph}_data${i ? `_${i}` : ''}`)
  const names = ['config.json', 'tokenizer.json', 'tokenizer_config.json', 'generation_config.json', ...chunks, graph]
  const files: NeededFile[] = []
  for (const name of names) {
    const url = await urlOf(name, cache, place)
    const optional = name === 'generation_config.json'
    if (url) files.push({ url, checksums: checksumsOf(model, name), optional })
    else if (!optional) return undefined
  }
  return files
}

/** A file's path in the model; undefined when it is none of the model's. */
function fileAt(url: string, { modelId, revision, modelBaseURL }: Place): string | undefined {
  // On the hub, whatever host that is, models lie by revision.
  const hub = `/${modelId}/resolve/${encodeURIComponent(revision)}/`
  const root = modelBaseURL === PEER_DEFAULT ? hub : rootOf(modelId, modelBaseURL)
  const at = url.indexOf(root)
  return at < 0 ? undefined : url.slice(at + root.length)
}

/** A file's URL under our own base, or the one on the hub under which it is stored. */
async function urlOf(file: string, cache: Cache | undefined, place: Place): Promise<string | undefined> {
  if (place.modelBaseURL !== PEER_DEFAULT) return rootOf(place.modelId, place.modelBaseURL) + file
  return (await cache?.keys())?.find(({ url }) => fileAt(url, place) === file)?.url
}

function rootOf(modelId: string, base: string): string {
  return new URL(`${modelId}/`, base.replace(/\/?$/, '/')).href
}

/** ONNX Runtime's files, where the package keeps them among the model's. */
function runtimeFiles({ wasmPaths, wasmCache }: Place): NeededFile[] {
  if (!wasmCache || typeof wasmPaths === 'string') return []
  return [wasmPaths.mjs, wasmPaths.wasm].map((url) => ({ url, checksums: '' }))
}

function isRuntimes(url: string, place: Place): boolean {
  // From the package's own CDN, whatever host that is.
  if (place.wasmPaths === PEER_DEFAULT) return place.wasmCache && /\/ort-wasm[^/]*$/.test(url)
  return runtimeFiles(place).some((file) => file.url === url)
}

/** Number of files that hold the graph's weights beside it, from the `transformers.js_config` of the model's config. */
function externalChunks(config: unknown, graph: string): number {
  const format = field(field(config, 'transformers.js_config'), 'use_external_data_format')
  if (typeof format !== 'object' || format === null) return Number(format ?? 0)
  return Number(field(format, graph.slice('onnx/'.length)) ?? field(format, 'model') ?? 0)
}

function field(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>)[name] : undefined
}
