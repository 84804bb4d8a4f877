/** From a registry entry to a resident model, in the worker. */

import type { HostLoadOptions } from '../../engine/expose.ts'
import type { AdapterFacts, DeviceFacts } from '../../engine/webgpu.ts'
import { probeAdapter, requireAdapter } from '../../engine/webgpu.ts'
import { ModelLoadError } from '../../errors/engine-model-load-error.ts'
import type { ModelInfo } from '../../wire.ts'
import { watchDownloads } from './downloads.ts'
import { failureOf } from './failure.ts'
import { forgetSmallFiles } from './forget.ts'
import type { MLCEngine, WebLLMPeer } from './peer.ts'
import { createMeter } from './progress.ts'
import type { Resolved } from './record.ts'
import { featuresOf, REQUIRED_LIMITS } from './record.ts'
import { modelIdOf } from './source.ts'

/** Throws before the package is imported when the device can't run the model. */
export async function requireDevice(model: ModelInfo): Promise<AdapterFacts> {
  // WebLLM itself looks for a GPU only after it has downloaded a model's config and library.
  const adapter = await probeAdapter()
  requireAdapter(adapter, model, { features: featuresOf(modelIdOf(model)), limits: REQUIRED_LIMITS })
  return adapter
}

/** Rejects with the signal's reason or an `EngineError`. */
export async function loadEngine(
  peer: WebLLMPeer,
  model: ModelInfo,
  resolved: Resolved,
  { signal, onProgress }: Omit<HostLoadOptions, 'onLost'>,
): Promise<MLCEngine> {
  const { record, appConfig } = resolved
  const modelId = record.model_id
  const meter = createMeter(onProgress, model.sizeBytes)
  const downloads = watchDownloads({ model, record, meter, signal })
  try {
    const engine = await peer.CreateMLCEngine(modelId, { appConfig, initProgressCallback: meter.phase })
    // A load that is interrupted by a lost device resolves as if nothing had happened; this asks the model itself.
    await engine.getMessage(modelId)
    signal.throwIfAborted()
    meter.finish()
    return engine
  } catch (error) {
    signal.throwIfAborted()
    const refusal = downloads.refusal()
    if (refusal) throw refusal
    const { code, message } = failureOf(error, 'load')
    if (code === 'invalid_files' || code === 'load_failed') await forgetSmallFiles(resolved, peer).catch(() => {})
    throw new ModelLoadError(model.id, `${model.id} could not be loaded. ${message}`, { code, cause: error })
  } finally {
    downloads.end()
  }
}

/** Resolves when the model is in the store, else throws "not_loaded". */
export async function requireStored(
  peer: WebLLMPeer,
  model: ModelInfo,
  { record, appConfig }: Resolved,
): Promise<void> {
  if (await peer.hasModelInCache(record.model_id, appConfig)) return
  throw new ModelLoadError(model.id, `${model.id} is not stored`, { code: 'not_loaded' })
}

/**
 * A second, idle device of the same GPU process: the only way to hear that the process crashed, for WebLLM then unloads
 * the model in silence. Where there is none the stall watchdog must do.
 */
export async function openSentinel(
  adapter: AdapterFacts,
  onLost: (message: string) => void,
): Promise<DeviceFacts | undefined> {
  try {
    const device = await adapter.requestDevice?.()
    void device?.lost.then(({ reason, message }) => {
      if (reason !== 'destroyed') onLost(`the GPU device was lost (${message || reason}); load the model again`)
    })
    return device
  } catch {
    return undefined
  }
}
