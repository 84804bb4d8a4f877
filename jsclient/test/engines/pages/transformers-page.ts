/** Runs in Chromium: the Transformers.js adapter, the real package and the tiny model. */
import type { Engine, EngineRequest, LoadedModel, LoadProgress } from '../../../src/engine/engine.ts'
import type { TransformersOptions } from '../../../src/engines/transformers/index.ts'
import { transformers } from '../../../src/engines/transformers/index.ts'
import type { EngineErrorCode } from '../../../src/errors/engine-error.ts'
import { EngineError } from '../../../src/errors/engine-error.ts'
import type { Collected, SubjectFault } from '../../../src/testing/conformance.ts'
import { collect, engineChecks } from '../../../src/testing/conformance.ts'
import type { ChatMessage, ModelInfo } from '../../../src/wire.ts'
import type { Fault } from '../faulty-files.ts'
import { testModel } from '../model.ts'
import type { WorkerOrders } from './counting-worker.ts'

/** The tiny model, or a change of it. */
function tiny({ source, ...over }: Partial<ModelInfo> = {}): ModelInfo {
  const whole = { modelId: 'edgewise-tiny-v1', dtype: 'q8', device: 'wasm', ...source }
  return testModel({ id: 'tiny', framework: 'transformers.js', ...over, source: whole })
}

let counted = 0
const workers = new Set<Worker>()

/** Makes a worker that counts its tokens, and counts it. */
function countingWorker(): Worker {
  const worker = new Worker('/counting-worker.js', { type: 'module' })
  worker.terminate = () => {
    workers.delete(worker)
    Worker.prototype.terminate.call(worker)
  }
  worker.addEventListener('message', ({ data }) => {
    counted += data.counted ?? 0
  })
  workers.add(worker)
  return worker
}

const lastWorker = (): Worker => [...workers].at(-1) as Worker

/** Ends the worker, and tells the adapter nothing. */
export function kill(): void {
  const worker = lastWorker()
  workers.delete(worker)
  Worker.prototype.terminate.call(worker)
}

export function order(orders: WorkerOrders): void {
  lastWorker().postMessage({ orders })
}

const ort = (suffix: string) => ({
  mjs: `/ort/ort-wasm-simd-threaded${suffix}.mjs`,
  wasm: `/ort/ort-wasm-simd-threaded${suffix}.wasm`,
})

const bundled: TransformersOptions = { worker: countingWorker, wasmPaths: ort(''), modelBaseURL: '/models/' }

/** Ways to set the adapter up. */
const WAYS = {
  bundled,
  /** As an app does it, without a tap. */
  plain: { ...bundled, worker: () => new Worker('/worker.js', { type: 'module' }) },
  /** A page without a bundler: worker and package by URL. */
  url: {
    wasmPaths: ort(''),
    modelBaseURL: '/models/',
    workerURL: '/worker-module.js',
    moduleURL: '/npm/@huggingface/transformers/dist/transformers.min.js',
  },
  /** With the files of ONNX Runtime that know WebGPU as well. */
  webgpu: { ...bundled, wasmPaths: ort('.asyncify'), device: 'webgpu' },
} satisfies Record<string, TransformersOptions>

export type Way = keyof typeof WAYS

const CODES: Record<Fault, EngineErrorCode> = {
  missing: 'model_not_found',
  failing: 'download_failed',
  html: 'invalid_files',
  truncated: 'invalid_files',
  cut: 'download_failed',
  corrupted: 'invalid_files',
}

const request: EngineRequest = {
  messages: [{ role: 'user', content: 'Count from 1 to 60' }],
  maxTokens: 320,
  temperature: 0,
}

const checks = engineChecks({
  create: () => transformers({ ...bundled, modelBaseURL: '/faulty/' }),
  model: tiny({ source: { modelId: 'weights-none/edgewise-tiny-v1' } }),
  request,
  generatedTokens: () => counted,
  resources: () => workers.size,
  downloads: async () => Number(await (await fetch('/model-requests')).text()),
  crash: kill,
  faults: Object.entries(CODES).map(([fault, code]): SubjectFault => {
    const folder = `weights-${fault}`
    return {
      name: fault,
      model: tiny({ source: { modelId: `${folder}/edgewise-tiny-v1` } }),
      codes: [code],
      mend: async () => void (await fetch(`/mend/${folder}`)),
    }
  }),
})

/** Runs a check; gives the reason for which there was nothing to check. */
export async function runCheck(name: string): Promise<string | undefined> {
  let reason: string | undefined
  const skip = (why: string) => {
    reason = why
  }
  await checks.find((check) => check.name === name)?.run({ skip, keep: true })
  return reason
}

let engine: Engine
let loaded: LoadedModel

/** Makes the engine that all that follows is about. Without the options that are named in `omit`. */
export function make(way: Way = 'bundled', over: TransformersOptions = {}, omit: (keyof TransformersOptions)[] = []) {
  const options: TransformersOptions = { ...WAYS[way], ...over }
  for (const name of omit) delete options[name]
  engine = transformers(options)
}

export const obstacle = () => engine.obstacle?.()

export const status = (over: Partial<ModelInfo> = {}) => engine.status(tiny(over))

export interface Load {
  loadMs: number
  progress: LoadProgress[]
}

export async function load(over: Partial<ModelInfo> = {}): Promise<Load> {
  const progress: LoadProgress[] = []
  const start = performance.now()
  loaded = await engine.load(tiny(over), { onProgress: (report) => progress.push(report) })
  return { loadMs: Math.round(performance.now() - start), progress }
}

export const unload = () => loaded.unload()

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
    async *generate(asked, options) {
      for await (const event of loaded.generate(asked, options)) {
        if (event.type === 'delta' && event.tokens > 0) firstMs ||= performance.now() - start
        yield event
      }
    },
  }
  const answered = await collect(timed, { messages, maxTokens, temperature: 0, ...over })
  return { ...answered, firstMs, ms: performance.now() - start }
}

export interface Outcome {
  /** "none" when nothing failed. */
  name: string
  code?: string
  message: string
}

async function outcome(run: () => Promise<unknown>): Promise<Outcome> {
  try {
    await run()
    return { name: 'none', message: '' }
  } catch (error) {
    const { name, message } = error as Error
    return error instanceof EngineError ? { name, code: error.code, message } : { name, message }
  }
}

/** How a load and a short answer come out. */
export function attempt(over: Partial<ModelInfo> = {}, asked: Partial<EngineRequest> = {}): Promise<Outcome> {
  return outcome(async () => {
    await load(over)
    await collect(loaded, { messages: [{ role: 'user', content: 'Hello!' }], maxTokens: 8, ...asked })
  })
}

/** Waits for the loss of the model. */
export const lost = () => outcome(async () => Promise.reject(await loaded.lost))

let running: Promise<unknown>

/** Starts an answer; resolves when it is under way, */
export async function startAnswer(messages: ChatMessage[], maxTokens: number): Promise<void> {
  await new Promise<void>((underWay, failed) => {
    const watched: LoadedModel = {
      ...loaded,
      async *generate(asked, options) {
        let deltas = 0
        for await (const event of loaded.generate(asked, options)) {
          if (++deltas === 5) underWay()
          yield event
        }
      },
    }
    running = collect(watched, { messages, maxTokens, temperature: 0 })
    running.catch(failed)
  })
}

/** and this waits for its end: its text, or how it failed. */
export async function endAnswer(): Promise<string | Outcome> {
  const result = await outcome(() => running)
  return result.name === 'none' ? ((await running) as Collected).text : result
}

let controller: AbortController

/** Starts a load that the server holds up, */
export function startLoad(over: Partial<ModelInfo>): void {
  controller = new AbortController()
  running = engine.load(tiny(over), { signal: controller.signal })
  running.catch(() => {})
}

/** and aborts it. Gives what it then was, and the workers that are left. */
export async function abortLoad(): Promise<[string, number]> {
  controller.abort(new DOMException('not now', 'AbortError'))
  return [await running.then(() => 'loaded', String), workers.size]
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

/** What is in the package's cache, by the end of its URL. */
export async function cachedFiles(): Promise<string[]> {
  const cache = await caches.open('transformers-cache')
  return (await cache.keys()).map(({ url }) => new URL(url).pathname)
}
