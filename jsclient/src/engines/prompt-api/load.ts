/** From what the browser says of its model to one that is resident. */
import type { LoadedModel, LoadOptions } from '../../engine/engine.ts'
import { createProgressReporter } from '../../engine/progress.ts'
import { raceAbort } from '../../errors/abort.ts'
import type { ModelInfo } from '../../wire.ts'
import { loadFailure } from './failure.ts'
import { createModel } from './model.ts'
import type { PromptAPIOptions } from './options.ts'
import { coreOptions } from './options.ts'
import type { LanguageModelAPI } from './peer.ts'
import { languageModel } from './peer.ts'
import { openSession } from './sessions.ts'

/** Never rejects: what can't be asked is not available. */
export async function availability(
  options: PromptAPIOptions,
): Promise<Awaited<ReturnType<LanguageModelAPI['availability']>>> {
  try {
    return (await languageModel()?.availability(coreOptions(options))) ?? 'unavailable'
  } catch {
    return 'unavailable'
  }
}

/** As `Engine.load`; `onEnd` is called once when the model is gone. */
export async function loadModel(
  info: ModelInfo,
  options: PromptAPIOptions,
  { signal, onProgress }: LoadOptions & { signal: AbortSignal },
  onEnd: () => void,
): Promise<LoadedModel> {
  const progress = createProgressReporter((report) => {
    if (!signal.aborted) onProgress?.(report)
  })
  const state = await raceAbort(availability(options), signal)
  const downloads = state !== 'available'
  try {
    const api = languageModel()
    if (!api || state === 'unavailable') throw new DOMException(state, 'NotSupportedError')
    const params = api.params && (await raceAbort(api.params(), signal))
    const base = await openSession(api, {
      ...coreOptions(options),
      signal,
      monitor: (monitor) =>
        monitor.addEventListener('downloadprogress', (event) => {
          const { loaded } = event as ProgressEvent
          // It unpacks what it has fetched, and doesn't say how far it is.
          progress.report({ progress: loaded, stage: downloads && loaded < 1 ? 'download' : 'load' })
        }),
    })
    progress.finish()
    signal.throwIfAborted()
    return createModel({ info, api, base, params, options, onEnd })
  } catch (error) {
    throw signal.aborted ? signal.reason : loadFailure(info.id, error)
  }
}
