/** Where a model's files lie: the registry's entry and the app's options, as page and worker both read them. */
import type { PEER_DEFAULT } from '../../engine/peer-default.ts'
import type { ModelInfo } from '../../wire.ts'
import type { AppConfig } from './peer.ts'

export const ENGINE_NAME = 'webllm'
export const PACKAGE_NAME = '@mlc-ai/web-llm'

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
