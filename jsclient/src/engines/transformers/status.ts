/** Whether a model's files are on disk, read from the Cache API so that nothing has to be loaded to know. */

import type { ModelSource } from './source.ts'
import { graphFile, PEER_DEFAULT } from './source.ts'

/** The one cache that Transformers.js fills. Its entries are whole files: an interrupted download leaves none. */
const CACHE_NAME = 'transformers-cache'

/** `modelBaseURL` must be absolute, or `PEER_DEFAULT`. Never rejects. */
export async function isCached(source: ModelSource, modelBaseURL: string): Promise<boolean> {
  try {
    const graph = graphFile(source.dtype)
    if (graph === undefined || !(await caches.has(CACHE_NAME))) return false
    const cache = await caches.open(CACHE_NAME)
    const urls = (await cache.keys()).map((request) => request.url)
    const urlOf = finder(urls, source, modelBaseURL)

    const configURL = urlOf('config.json')
    if (configURL === undefined) return false
    const config: unknown = await (await cache.match(configURL))?.json()
    const chunks = Array.from({ length: externalChunks(config, graph) }, (_, i) => `${graph}_data${i ? `_${i}` : ''}`)
    return ['tokenizer.json', graph, ...chunks].every((file) => urlOf(file) !== undefined)
  } catch {
    return false
  }
}

/** Looks up a file's cache key: its exact URL under our base, or the one on whatever host the package's default is. */
function finder(
  urls: string[],
  { modelId, revision }: ModelSource,
  base: string,
): (file: string) => string | undefined {
  if (base === PEER_DEFAULT) {
    const prefix = `/${modelId}/resolve/${encodeURIComponent(revision)}/`
    return (file) => urls.find((url) => url.endsWith(prefix + file))
  }
  const known = new Set(urls)
  return (file) => {
    const url = new URL(`${modelId}/${file}`, base.endsWith('/') ? base : `${base}/`).href
    return known.has(url) ? url : undefined
  }
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
