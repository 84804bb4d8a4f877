/** From a registry entry to a resident model; imported when the first one is wanted. */

import type { LoadedModel, LoadOptions } from '../../engine/engine.ts'
import type { AdapterFacts, DeviceFacts } from '../../engine/webgpu.ts'
import { probeAdapter, requireAdapter } from '../../engine/webgpu.ts'
import { raceAbort } from '../../errors/abort.ts'
import { EngineError } from '../../errors/engine-error.ts'
import { EngineNotInstalledError } from '../../errors/engine-not-installed-error.ts'
import type { ModelInfo } from '../../wire.ts'
import type { WebLLMOptions } from './options.ts'
import type { WebLLMPeer } from './peer.ts'
import { featuresOf, modelIdOf, PACKAGE_NAME, REQUIRED_LIMITS, resolveRecord } from './record.ts'
import { createSession } from './session.ts'
import { sendModuleURL, startEngine } from './start.ts'

/** Asks the package, which knows its own stores. */
export async function isCached(model: ModelInfo, options: WebLLMOptions): Promise<boolean> {
  const { prebuiltAppConfig, hasModelInCache } = await importPeer(options)
  const { modelId, appConfig } = resolveRecord(model, options.appConfig ?? {}, prebuiltAppConfig)
  return hasModelInCache(modelId, appConfig)
}

/** As `Engine.load`; `onEnd` is called once when the model is gone. */
export async function loadModel(
  model: ModelInfo,
  options: WebLLMOptions,
  loadOptions: LoadOptions,
  onEnd: () => void,
): Promise<LoadedModel> {
  const { signal } = loadOptions
  let worker: Worker | undefined
  let sentinel: DeviceFacts | undefined
  try {
    // WebLLM itself looks for a GPU only after it has downloaded a model's config and library.
    const adapter = await raceAbort((options.probe ?? probeAdapter)(), signal)
    requireAdapter(adapter, model, { features: featuresOf(modelIdOf(model)), limits: REQUIRED_LIMITS })
    const peer = await raceAbort(importPeer(options), signal)
    const resolved = resolveRecord(model, options.appConfig ?? {}, peer.prebuiltAppConfig)
    sentinel = await openSentinel(adapter)
    worker = startWorker(options)
    if (!options.worker && options.moduleURL) await sendModuleURL(worker, absolute(options.moduleURL), signal)
    const engine = await startEngine(peer, worker, model, resolved, loadOptions)
    return createSession({
      model,
      engine,
      worker,
      sentinel,
      dialect: { modelId: resolved.modelId, toolModelIds: peer.functionCallingModelIds },
      stallMs: options.stallMs ?? 30_000,
      onEnd,
    })
  } catch (error) {
    // The one thing that ends a download of WebLLM's.
    worker?.terminate()
    sentinel?.destroy()
    throw error
  }
}

/** Modules are imported once, so this is cheap to repeat. */
async function importPeer({ moduleURL }: WebLLMOptions): Promise<WebLLMPeer> {
  try {
    const module: unknown = moduleURL
      ? await import(/* @vite-ignore */ /* webpackIgnore: true */ absolute(moduleURL))
      : await import('@mlc-ai/web-llm')
    return module as WebLLMPeer
  } catch (error) {
    throw new EngineNotInstalledError(PACKAGE_NAME, error)
  }
}

function startWorker({ worker, workerURL, moduleURL }: WebLLMOptions): Worker {
  const misconfigured = (message: string) =>
    new EngineError(`webllm(): ${message}`, { stage: 'load', code: 'misconfigured' })
  if (!worker && !workerURL) throw misconfigured('pass worker, or workerURL and moduleURL')
  if (!worker && !moduleURL) throw misconfigured('workerURL needs moduleURL')
  try {
    return worker ? worker() : new Worker(workerURL ?? '', { type: 'module', name: 'edgewise-webllm' })
  } catch (cause) {
    throw new EngineError("WebLLM's worker could not be made", { stage: 'load', code: 'worker_failed', cause })
  }
}

/** A second, idle device in the page. Adapters that give none leave a crash to the stall watchdog. */
async function openSentinel(adapter: AdapterFacts): Promise<DeviceFacts | undefined> {
  try {
    return await adapter.requestDevice?.()
  } catch {
    return undefined
  }
}

/** Relative URLs mean the page's base, not this module's or the worker's. */
function absolute(url: string | URL): string {
  return new URL(url, typeof document === 'undefined' ? location.href : document.baseURI).href
}
