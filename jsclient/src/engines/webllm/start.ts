/** Makes WebLLM's worker and the engine in it. */

import { deferred } from '../../engine/abort.ts'
import type { LoadOptions } from '../../engine/engine.ts'
import { fromErrorMessage } from '../../engine/error-message.ts'
import { createProgressReporter } from '../../engine/progress.ts'
import type { ErrorMessage } from '../../engine/protocol.ts'
import { isProtocolMessage, PROTOCOL_VERSION } from '../../engine/protocol.ts'
import { raceAbort } from '../../errors/abort.ts'
import { EngineError } from '../../errors/engine-error.ts'
import { ModelLoadError } from '../../errors/engine-model-load-error.ts'
import type { ModelInfo } from '../../wire.ts'
import { failureOf } from './failure.ts'
import type { MLCEngine, WebLLMPeer } from './peer.ts'
import { toProgress } from './progress.ts'
import type { Resolved } from './record.ts'

/** Loads the model. When it rejects, the caller terminates the worker: nothing else ends a download. */
export async function startEngine(
  peer: WebLLMPeer,
  worker: Worker,
  model: ModelInfo,
  { modelId, appConfig }: Resolved,
  { signal, onProgress }: LoadOptions,
): Promise<MLCEngine> {
  const broken = deferred<never>()
  const onError = (event: Event) => broken.reject(workerFailed((event as Partial<ErrorEvent>).message))
  worker.addEventListener('error', onError)
  const progress = createProgressReporter((report) => {
    if (!signal?.aborted) onProgress?.(report)
  })
  try {
    const load = async () => {
      const engine = await peer.CreateWebWorkerMLCEngine(worker, modelId, {
        appConfig,
        initProgressCallback: (report) => progress.report(toProgress(report)),
      })
      // A load that is interrupted by an unload resolves as if nothing had happened; this asks the model itself.
      await engine.getMessage(modelId)
      return engine
    }
    const engine = await raceAbort(Promise.race([load(), broken.promise]), signal)
    progress.finish()
    return engine
  } catch (error) {
    if (signal?.aborted) throw signal.reason
    if (error instanceof EngineError) throw error
    const { code, message } = failureOf(error, 'load')
    throw new ModelLoadError(model.id, `${model.id} could not be loaded. ${message}`, { code, cause: error })
  } finally {
    worker.removeEventListener('error', onError)
  }
}

/** Tells the worker of a page without a bundler where the package is, and waits until it has it. */
export async function sendModuleURL(worker: Worker, moduleURL: string, signal: AbortSignal | undefined): Promise<void> {
  const answered = deferred<void>()
  const onMessage = ({ data }: MessageEvent<unknown>) => {
    if (!isProtocolMessage(data)) return
    if (data.kind === 'ready') answered.resolve()
    else answered.reject(fromErrorMessage((data as unknown as { error: ErrorMessage }).error))
  }
  const onError = (event: ErrorEvent) => answered.reject(workerFailed(event.message))
  worker.addEventListener('message', onMessage)
  worker.addEventListener('error', onError)
  try {
    worker.postMessage({ edgewise: PROTOCOL_VERSION, kind: 'import', moduleURL })
    await raceAbort(answered.promise, signal)
  } finally {
    worker.removeEventListener('message', onMessage)
    worker.removeEventListener('error', onError)
  }
}

function workerFailed(message = ''): EngineError {
  const text = `WebLLM's worker failed while the model was loading: its script was not found, was blocked, could not import the npm package, or crashed. ${message}`
  return new EngineError(text.trim(), { stage: 'load', code: 'worker_failed' })
}
