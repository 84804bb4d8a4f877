/** Whether a model's files are on disk, read from the Cache API so that nothing has to be loaded to know. */

import { checksumsOf, isTrusted } from '../../engine/checksums.ts'
import { PEER_DEFAULT } from '../../engine/peer-default.ts'
import type { ModelInfo } from '../../wire.ts'
import type { ModelSource } from './source.ts'
import { CACHE_NAME, graphFile } from './source.ts'

/** `modelBaseURL` must be absolute, or `PEER_DEFAULT`. Never rejects. */
export async function isCached(model: ModelInfo, source: ModelSource, modelBaseURL: string): Promise<boolean> {
  try {
    const graph = graphFile(source.dtype)
    if (graph === undefined || !(await caches.has(CACHE_NAME))) return false
    const cache = await caches.open(CACHE_NAME)
    const urlOf = await finder(cache, source, modelBaseURL)
    const find = async (file: string) => {
      const url = urlOf(file)
      const response = url && (await cache.match(url))
      return response && isTrusted(response, checksumsOf(model, file)) ? response : undefined
    }

    const config: unknown = await (await find('config.json'))?.json()
    const chunks = Array.from({ length: externalChunks(config, graph) }, (_, i) => `${graph}_data${i ? `_${i}` : ''}`)
    const others = await Promise.all(['tokenizer.json', 'tokenizer_config.json', graph, ...chunks].map(find))
    return config !== undefined && others.every((found) => found !== undefined)
  } catch {
    return false
  }
}

/** Tells a file's cache key: its exact URL under our base, or the one on whatever host the package's default is. */
async function finder(
  cache: Cache,
  { modelId, revision }: ModelSource,
  base: string,
): Promise<(file: string) => string | undefined> {
  if (base !== PEER_DEFAULT) return (file) => new URL(`${modelId}/${file}`, base.replace(/\/?$/, '/')).href
  const urls = (await cache.keys()).map((request) => request.url)
  const prefix = `/${modelId}/resolve/${encodeURIComponent(revision)}/`
  return (file) => urls.find((url) => url.endsWith(prefix + file))
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
