/** Registry entries as WebLLM's records. */

import { checksumsOf, fileOf } from '../../engine/checksums.ts'
import { PEER_DEFAULT } from '../../engine/peer-default.ts'
import { ModelLoadError } from '../../errors/engine-model-load-error.ts'
import type { GPULimits, ModelInfo } from '../../wire.ts'
import type { AppConfig, ModelIntegrity, ModelRecord } from './peer.ts'
import { findRecord, type HostConfig, modelIdOf } from './source.ts'

/** What WebLLM asks of an adapter before it looks at the model. */
export const REQUIRED_LIMITS: Readonly<GPULimits> = Object.freeze({
  maxBufferSize: 256 * 2 ** 20,
  maxStorageBufferBindingSize: 128 * 2 ** 20,
  maxComputeWorkgroupStorageSize: 32 * 2 ** 10,
  maxStorageBuffersPerShaderStage: 10,
})

/** A configuration with the one model that is to be loaded. */
export interface Resolved {
  record: ModelRecord
  appConfig: AppConfig
}

/** Of the entry's own source, of the app's configuration, or of the package's if the app allows its public hosts. */
export function resolveRecord(model: ModelInfo, config: HostConfig, prebuilt: AppConfig): Resolved {
  const { baseURL, appConfig: app } = config
  const { model_list = [], ...storage } = app === PEER_DEFAULT ? prebuilt : app
  const record = findRecord(model, model_list, baseURL)
  if (!record) throw missing(model, prebuilt)
  const integrity = integrityOf(model, record)
  if (integrity) record.integrity = integrity
  return { record, appConfig: { ...storage, model_list: [record] } }
}

function missing(model: ModelInfo, prebuilt: AppConfig): ModelLoadError {
  const id = modelIdOf(model)
  const isPublic = prebuilt.model_list.some((entry) => entry.model_id === id)
  const message = isPublic
    ? `${id} lies on public hosts, which are not used unless you say so: pass "${PEER_DEFAULT}" as appConfig, or host it and pass its record`
    : `WebLLM has no model ${id}: give source.modelURL and source.modelLib, or pass its record in appConfig`
  return new ModelLoadError(model.id, message, { code: isPublic ? 'misconfigured' : 'model_not_found' })
}

/** What the registry lists of the files that WebLLM itself checks, at every load. */
function integrityOf(model: ModelInfo, { model_lib, integrity }: ModelRecord): ModelIntegrity | undefined {
  const listed: ModelIntegrity = {}
  // It takes one of a file, where the registry may list two: the last, which may be longer than a SHA-256.
  const checksumOf = (file: string) => checksumsOf(model, file).split(' ').at(-1)
  const config = checksumOf('mlc-chat-config.json')
  const library = model_lib && checksumOf(fileOf(model_lib))
  if (config) listed.config = config
  if (library) listed.model_lib = library
  for (const file of ['tokenizer.json', 'tokenizer.model']) {
    const checksum = checksumOf(file)
    if (checksum) listed.tokenizer = { ...listed.tokenizer, [file]: checksum }
  }
  return Object.keys(listed).length > 0 ? { ...integrity, ...listed } : integrity
}

/** WebGPU features that a model needs, as far as its name tells: many records of half-float models don't say it. */
export function featuresOf(modelId: string): string[] {
  return /q\df16/i.test(modelId) ? ['shader-f16'] : []
}
