/** Where a model's files lie: the registry's entry and the app's options, as page and worker both read them. */
import type { PEER_DEFAULT } from '../../engine/peer-default.ts'
import type { ModelInfo } from '../../wire.ts'
import type { AppConfig, ModelRecord } from './peer.ts'

export const ENGINE_NAME = 'webllm'
export const PACKAGE_NAME = '@mlc-ai/web-llm'

/** WebLLM's default store: caches of the Cache API. */
export const CACHES = { config: 'webllm/config', library: 'webllm/wasm', model: 'webllm/model' }

/** What the worker is told. Cloneable. */
export interface HostConfig {
  /** URL of the package's ES module; absent when the worker was bundled with it. */
  moduleURL?: string
  /** What relative URLs of models mean. */
  baseURL: string
  appConfig: Partial<AppConfig> | typeof PEER_DEFAULT
  /** Load nothing, only look whether the model is stored: `not_loaded` says that it is not. */
  lookOnly?: boolean
}

/** WebLLM's name of a model. */
export function modelIdOf(model: ModelInfo): string {
  return model.source?.modelId ?? model.id
}

/** The folder of a model's files, as WebLLM makes it of a record's `model`. */
export function folderOf(url: string, baseURL: string): string {
  const folder = new URL(url.endsWith('/') ? url : `${url}/`, baseURL).href
  return /\/resolve\/.+\//.test(folder) ? folder : `${folder}resolve/main/`
}

/**
 * `source.modelURL` and `source.modelLib` together make a record; else `source.modelId`, or the entry's own id, must be
 * one of these. URLs are absolute.
 */
export function findRecord(model: ModelInfo, records: ModelRecord[], baseURL: string): ModelRecord | undefined {
  const found = recordOf(model) ?? records.find((entry) => entry.model_id === modelIdOf(model))
  if (!found) return undefined
  const record: ModelRecord = { ...found, model: new URL(found.model, baseURL).href }
  // One of another shape than a URL is the package's to refuse.
  if (found.model_lib) record.model_lib = new URL(found.model_lib, baseURL).href
  return record
}

function recordOf(model: ModelInfo): ModelRecord | undefined {
  const { modelURL, modelLib } = model.source ?? {}
  if (modelURL === undefined || modelLib === undefined) return undefined
  const record: ModelRecord = { model: modelURL, model_id: modelIdOf(model), model_lib: modelLib }
  if (model.requires?.features) record.required_features = [...model.requires.features]
  return record
}
