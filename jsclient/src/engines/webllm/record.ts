/** Registry entries as WebLLM's records. */
import { ModelLoadError } from '../../errors/engine-model-load-error.ts'
import type { GPULimits, ModelInfo } from '../../wire.ts'
import type { AppConfig, ModelRecord } from './peer.ts'

export const ENGINE_NAME = 'webllm'
export const PACKAGE_NAME = '@mlc-ai/web-llm'

/** What WebLLM asks of an adapter before it looks at the model. */
export const REQUIRED_LIMITS: Readonly<GPULimits> = Object.freeze({
  maxBufferSize: 256 * 2 ** 20,
  maxStorageBufferBindingSize: 128 * 2 ** 20,
  maxComputeWorkgroupStorageSize: 32 * 2 ** 10,
  maxStorageBuffersPerShaderStage: 10,
})

export interface Resolved {
  modelId: string
  appConfig: AppConfig
}

/**
 * `source.modelURL` and `source.modelLib` together make a record; else `source.modelId`, or the entry's own id, must be
 * in the app's configuration or in the package's prebuilt one.
 */
export function resolveRecord(model: ModelInfo, app: Partial<AppConfig>, prebuilt: AppConfig): Resolved {
  const { modelURL, modelLib } = model.source ?? {}
  const modelId = modelIdOf(model)
  const { model_list, ...storage } = app
  if (modelURL !== undefined && modelLib !== undefined) {
    const record: ModelRecord = { model: modelURL, model_id: modelId, model_lib: modelLib }
    if (model.requires?.features) record.required_features = [...model.requires.features]
    return { modelId, appConfig: { ...storage, model_list: [record] } }
  }
  const record = [...(model_list ?? []), ...prebuilt.model_list].find((entry) => entry.model_id === modelId)
  if (record) return { modelId, appConfig: { ...storage, model_list: [record] } }
  throw new ModelLoadError(
    model.id,
    `WebLLM has no model ${modelId}: give source.modelURL and source.modelLib, or a record in appConfig`,
    { code: 'model_not_found' },
  )
}

export function modelIdOf(model: ModelInfo): string {
  return model.source?.modelId ?? model.id
}

/** WebGPU features that a model needs, as far as its name tells: many records of half-float models don't say it. */
export function featuresOf(modelId: string): string[] {
  return /q\df16/i.test(modelId) ? ['shader-f16'] : []
}
