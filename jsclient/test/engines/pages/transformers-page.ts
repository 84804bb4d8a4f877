/** Runs in Chromium: the Transformers.js adapter, the real package and the tiny model. */

import type { EngineRequest, LoadedModel, LoadProgress } from '../../../src/engine/engine.ts'
import type { TransformersOptions } from '../../../src/engines/transformers/index.ts'
import { transformers } from '../../../src/engines/transformers/index.ts'
import { EngineError } from '../../../src/errors/engine-error.ts'
import type { Collected } from '../../../src/testing/conformance.ts'
import { collect, engineChecks } from '../../../src/testing/conformance.ts'
import type { ChatMessage } from '../../../src/wire.ts'
import { testModel } from '../model.ts'

const tiny = testModel({
  id: 'tiny',
  framework: 'transformers.js',
  source: { modelId: 'edgewise-tiny-v1', dtype: 'q8', device: 'wasm' },
})

let counted = 0

function optionsOf(over: TransformersOptions = {}): TransformersOptions {
  return {
    worker() {
      const worker = new Worker('/counting-worker.js', { type: 'module' })
      worker.addEventListener('message', ({ data }) => {
        counted += data.counted ?? 0
      })
      return worker
    },
    wasmPaths: { mjs: '/ort/ort-wasm-simd-threaded.mjs', wasm: '/ort/ort-wasm-simd-threaded.wasm' },
    modelBaseURL: '/models/',
    ...over,
  }
}

/** A page without a bundler: worker and package by URL. */
const byURL: TransformersOptions = {
  workerURL: '/worker-module.js',
  moduleURL: '/npm/@huggingface/transformers/dist/transformers.min.js',
}

function engine(over: TransformersOptions = {}) {
  const { worker, ...rest } = optionsOf(over)
  return transformers(over.workerURL || !worker ? rest : { ...rest, worker })
}

const checks = engineChecks({
  create: () => engine(),
  model: tiny,
  request: { messages: [{ role: 'user', content: 'Count from 1 to 60' }], maxTokens: 320, temperature: 0 },
  generatedTokens: () => counted,
})

export function runCheck(name: string): Promise<void> | undefined {
  return checks.find((check) => check.name === name)?.run()
}

let loaded: LoadedModel

export interface Load {
  loadMs: number
  progress: LoadProgress[]
  before: string
  after: string
}

/** Loads and keeps the model. */
export async function load(way: 'bundled' | 'bundled-plain' | 'url'): Promise<Load> {
  const worker = () => new Worker('/worker.js', { type: 'module' })
  const subject = engine(way === 'url' ? byURL : way === 'bundled-plain' ? { worker } : {})
  const progress: LoadProgress[] = []
  const before = await subject.status(tiny)
  const start = performance.now()
  loaded = await subject.load(tiny, { onProgress: (report) => progress.push(report) })
  const loadMs = Math.round(performance.now() - start)
  return { loadMs, progress, before, after: await subject.status(tiny) }
}

export interface Answered extends Collected {
  ms: number
  firstMs: number
}

export async function answer(
  messages: ChatMessage[],
  maxTokens: number,
  over: Partial<EngineRequest> = {},
): Promise<Answered> {
  const start = performance.now()
  let firstMs = 0
  const timed: LoadedModel = {
    ...loaded,
    async *generate(request, options) {
      for await (const event of loaded.generate(request, options)) {
        firstMs ||= performance.now() - start
        yield event
      }
    },
  }
  const answered = await collect(timed, { messages, maxTokens, temperature: 0, ...over })
  return { ...answered, firstMs, ms: performance.now() - start }
}

export interface Outcome {
  name: string
  code?: string
  message: string
}

export interface FailureCase {
  options?: TransformersOptions
  /** An option to leave out. */
  omit?: 'wasmPaths' | 'modelBaseURL'
  source?: Record<string, string>
  request?: Partial<EngineRequest>
}

/** How a load or a generation fails. */
export async function failure(over: FailureCase): Promise<Outcome> {
  const options = optionsOf(over.options)
  if (over.omit) delete options[over.omit]
  if (options.workerURL) delete options.worker
  const subject = transformers(options)
  const model = { ...tiny, source: { ...tiny.source, ...over.source } }
  try {
    const resident = await subject.load(model)
    await collect(resident, { messages: [{ role: 'user', content: 'Hello!' }], maxTokens: 8, ...over.request })
    return { name: 'none', message: '' }
  } catch (error) {
    const { name, message } = error as Error
    return error instanceof EngineError ? { name, code: error.code, message } : { name, message }
  } finally {
    await subject.dispose()
  }
}

export const failureByURL = (options: TransformersOptions) => failure({ options: { ...byURL, ...options } })

/** The worker dies by its own hand. */
export async function crash(): Promise<Outcome> {
  let last: Worker | undefined
  const subject = engine({
    worker: () => {
      last = optionsOf().worker?.()
      return last as Worker
    },
  })
  const resident = await subject.load(tiny)
  last?.dispatchEvent(new ErrorEvent('error', { message: 'RuntimeError: unreachable' }))
  const lost = await resident.lost
  return { name: lost.name, code: lost.code, message: lost.message }
}

let controller: AbortController
let pending: Promise<unknown>

/** Starts a load that the server holds up, */
export function startLoad(modelId: string): void {
  controller = new AbortController()
  const model = { ...tiny, source: { ...tiny.source, modelId } }
  pending = engine().load(model, { signal: controller.signal })
  pending.catch(() => {})
}

/** and aborts it. */
export async function abortLoad(): Promise<string> {
  controller.abort(new DOMException('not now', 'AbortError'))
  return pending.then(() => 'loaded', String)
}

export interface Turns {
  /** Turns that the page's event loop made. */
  turns: number
  deltas: number
  longestMs: number
}

/** Whether the page's own thread runs on during an answer. */
export async function turnsDuring(messages: ChatMessage[], maxTokens: number): Promise<Turns> {
  const { port1, port2 } = new MessageChannel()
  let turns = 0
  let longestMs = 0
  let last = performance.now()
  port1.onmessage = () => {
    const now = performance.now()
    longestMs = Math.max(longestMs, now - last)
    last = now
    turns++
    port2.postMessage(null)
  }
  port2.postMessage(null)
  const { deltas } = await answer(messages, maxTokens)
  port1.close()
  return { turns, deltas, longestMs }
}
