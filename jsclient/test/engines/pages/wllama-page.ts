/** Runs in Chromium: the wllama adapter, the real package and the tiny model. */

import type { Engine, EngineRequest, LoadedModel, LoadProgress } from '../../../src/engine/engine.ts'
import { createEngine } from '../../../src/engines/wllama/engine.ts'
import type { WllamaOptions } from '../../../src/engines/wllama/index.ts'
import { wllama } from '../../../src/engines/wllama/index.ts'
import { EngineError } from '../../../src/errors/engine-error.ts'
import type { Collected } from '../../../src/testing/conformance.ts'
import { collect, engineChecks } from '../../../src/testing/conformance.ts'
import type { ChatMessage, ModelInfo } from '../../../src/wire.ts'
import { testModel } from '../model.ts'

/** What the test gives to the page. */
declare global {
  function countDownloads(): Promise<number>
  function spoil(fault: string): Promise<void>
  function limitStorage(bytes: number): Promise<void>
  function closeWorker(): Promise<void>
}

const FILE = 'edgewise-tiny-v1/edgewise-tiny-v1-q8_0.gguf'
const PEER: string = '/peer.js'

// One module of the page's: the one that the adapter imports by its URL.
const { tap } = (await import(PEER)) as typeof import('./wllama-peer.ts')

/** The package's workers that were not terminated. */
const workers = new Set<Worker>()
let made = 0

globalThis.Worker = class extends Worker {
  constructor(url: string | URL, options?: WorkerOptions) {
    super(url, options)
    workers.add(this)
    made++
  }

  override terminate(): void {
    workers.delete(this)
    super.terminate()
  }
}

function tiny(over: Partial<ModelInfo> = {}): ModelInfo {
  const source = { url: `/models/${FILE}` }
  const supports = { jsonSchema: true }
  return testModel({ id: 'tiny', framework: 'wllama', sizeBytes: 1_079_360, source, supports, ...over })
}

/** The package as a bundler brings it; or by its URL, with the tap. */
export type Way = 'bundled' | 'url'

function optionsOf(way: Way, over: Partial<WllamaOptions> = {}): WllamaOptions {
  const wasmURL = '/npm/@wllama/wllama/esm/wasm/wllama.wasm'
  return { wasmURL, ...(way === 'url' && { moduleURL: PEER }), ...over }
}

const engine = (way: Way, over: Partial<WllamaOptions> = {}) => wllama(optionsOf(way, over))

const counting: EngineRequest = {
  messages: [{ role: 'user', content: 'Count from 1 to 60' }],
  maxTokens: 320,
  temperature: 0,
}

const spoiling = (name: string, code: string) => ({
  name,
  model: tiny({ source: { url: `/spoiled/${FILE}?${name}` } }),
  codes: [code],
  begin: () => spoil(name),
  mend: () => spoil('none'),
})

const checks = engineChecks({
  create: () => engine('url'),
  model: tiny(),
  earlier: tiny({ source: { url: `/spoiled/${FILE}?earlier` } }),
  request: counting,
  generatedTokens: () => tap.tokens,
  resources: () => workers.size,
  downloads: () => countDownloads(),
  crash() {
    const [worker] = [...workers].slice(-1)
    worker?.dispatchEvent(new ErrorEvent('error', { message: 'RuntimeError: unreachable' }))
  },
  faults: [
    spoiling('missing', 'model_not_found'),
    spoiling('failing', 'download_failed'),
    spoiling('html', 'invalid_files'),
    spoiling('truncated', 'invalid_files'),
    spoiling('cut', 'download_failed'),
    spoiling('corrupted', 'invalid_files'),
    {
      name: 'quota',
      model: tiny({ source: { url: `/models/${FILE}?quota` } }),
      codes: ['quota_exceeded'],
      hasCause: true,
      begin: () => limitStorage(1_000_000),
      mend: () => limitStorage(1_000_000_000),
    },
    {
      name: 'a prompt that is too long',
      model: tiny(),
      request: { ...counting, messages: [{ role: 'user', content: 'word '.repeat(600) }] },
      codes: ['context_length_exceeded'],
    },
    {
      name: 'an invalid schema',
      model: tiny(),
      request: {
        ...counting,
        responseFormat: { type: 'json_schema', json_schema: { name: 's', schema: { type: 'nonsense' } } },
      },
      codes: ['unsupported'],
    },
  ],
})

/** Tells why it was skipped, if it was. */
export async function runCheck(name: string): Promise<string | undefined> {
  let skipped: string | undefined
  const skip = (reason: string) => {
    skipped = reason
  }
  await checks.find((check) => check.name === name)?.run({ skip, keep: true })
  return skipped
}

let loaded: LoadedModel

export interface Load {
  loadMs: number
  progress: LoadProgress[]
  before: string
  after: string
}

/** Loads and keeps the model. `parameters` go to the package past the adapter, if `way` is "url". */
export async function load(way: Way, options: Partial<WllamaOptions> = {}, parameters = {}): Promise<Load> {
  tap.load = parameters
  const subject = engine(way, options)
  const progress: LoadProgress[] = []
  const before = await subject.status(tiny())
  const start = performance.now()
  loaded = await subject.load(tiny(), { onProgress: (report) => progress.push(report) })
  const loadMs = Math.round(performance.now() - start)
  return { loadMs, progress, before, after: await subject.status(tiny()) }
}

export interface Answered extends Collected {
  ms: number
  /** Deltas without text and tokens. */
  signs: number
}

export async function answer(
  messages: ChatMessage[],
  maxTokens: number,
  over: Partial<EngineRequest> = {},
): Promise<Answered> {
  const start = performance.now()
  let signs = 0
  const watched: LoadedModel = {
    ...loaded,
    async *generate(request, options) {
      for await (const event of loaded.generate(request, options)) {
        if (event.type === 'delta' && event.tokens === 0 && event.text === '') signs++
        yield event
      }
    },
  }
  const answered = await collect(watched, { messages, maxTokens, temperature: 0, ...over })
  return { ...answered, ms: performance.now() - start, signs }
}

export interface Outcome {
  name: string
  code?: string
  param?: string
  message: string
}

function outcome(error: unknown): Outcome {
  const { name, message, param } = error as Error & { param?: string }
  const result: Outcome = { name, message }
  if (error instanceof EngineError) result.code = error.code
  if (param !== undefined) result.param = param
  return result
}

/** How an answer fails. */
export function refusal(messages: ChatMessage[], over: Partial<EngineRequest> = {}): Promise<Outcome> {
  return answer(messages, 8, over).then(() => ({ name: 'none', message: '' }), outcome)
}

/** How a load fails. */
export function failure(options: Partial<WllamaOptions>, model: Partial<ModelInfo> = {}): Promise<Outcome> {
  return failureOf(engine('url', options), model)
}

async function failureOf(subject: Engine, model: Partial<ModelInfo> = {}): Promise<Outcome> {
  try {
    await subject.load(tiny(model))
    return { name: 'none', message: '' }
  } catch (error) {
    return outcome(error)
  } finally {
    await subject.dispose()
  }
}

/** How a load fails with an adapter that only the page has. */
export function failureOnGPU(): Promise<Outcome> {
  const probe = async () => ({ features: { has: () => true }, limits: {} })
  return failureOf(createEngine(optionsOf('url', { gpuLayers: 1 }), probe))
}

/** How an answer ends in whose midst the worker is closed. */
export async function answerWithoutWorker(): Promise<Outcome> {
  let deltas = 0
  try {
    for await (const event of loaded.generate(counting)) {
      if (event.type === 'delta' && event.tokens > 0 && ++deltas === 3) await closeWorker()
    }
    return { name: 'none', message: '' }
  } catch (error) {
    return outcome(error)
  }
}

/** Waits until the engine says that the model is lost. */
export const lost = async (): Promise<Outcome> => outcome(await loaded.lost)

export const unload = (): Promise<void> => loaded.unload()

export async function obstacle(): Promise<string> {
  return String(await engine('bundled').obstacle?.())
}

export async function status(model: Partial<ModelInfo> = {}): Promise<string> {
  return engine('bundled').status(tiny(model))
}

/** Workers that were made so far. */
export const madeWorkers = (): number => made

/** Web Locks that the page holds. */
export async function locks(): Promise<number> {
  return (await navigator.locks.query()).held?.length ?? 0
}

export const isMultithread = (): boolean | undefined => tap.last?.isMultithread()

/** The package's own store, by its own code. */
interface ModelManager {
  downloadModel(url: string): Promise<unknown>
  getModels(): Promise<{ url: string; size: number }[]>
}

async function managerOfPackage(): Promise<ModelManager> {
  const peer = (await import('@wllama/wllama/esm/index.js')) as unknown as { ModelManager: new () => ModelManager }
  return new peer.ModelManager()
}

export async function downloadByPackage(): Promise<void> {
  const manager = await managerOfPackage()
  await manager.downloadModel(new URL(tiny().source?.url ?? '', location.href).href)
}

export async function modelsOfPackage(): Promise<{ path: string; size: number }[]> {
  const models = await (await managerOfPackage()).getModels()
  return models.map(({ url, size }) => ({ path: new URL(url).pathname, size }))
}

let controller: AbortController
let pending: Promise<unknown>

/** Starts a load that the server holds up, */
export function startLoad(url: string): void {
  controller = new AbortController()
  pending = engine('url').load(tiny({ source: { url } }), { signal: controller.signal })
  pending.catch(() => {})
}

/** and aborts it. */
export async function abortLoad(): Promise<string> {
  controller.abort(new DOMException('not now', 'AbortError'))
  return pending.then(() => 'loaded', String)
}
