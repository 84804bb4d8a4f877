/** Runs in Chromium: the ONNX Runtime adapter, the real packages and the tiny model. */

import type { EngineRequest, LoadedModel, LoadProgress } from '../../../src/engine/engine.ts'
import type { OnnxOptions } from '../../../src/engines/onnx/index.ts'
import { onnx } from '../../../src/engines/onnx/index.ts'
import { EngineError } from '../../../src/errors/engine-error.ts'
import type { Collected } from '../../../src/testing/conformance.ts'
import { collect, engineChecks } from '../../../src/testing/conformance.ts'
import type { ChatMessage, ModelInfo } from '../../../src/wire.ts'
import { testModel } from '../model.ts'

/** What the test gives to the page. */
declare global {
  function countDownloads(): Promise<number>
  function spoil(wished: boolean): Promise<void>
  function limitStorage(bytes?: number): Promise<void>
}

const GRAPH = 'edgewise-tiny-v1/onnx/model_quantized.onnx'
const tiny = testModel({ id: 'tiny', framework: 'onnx', source: { url: GRAPH } })
const request: EngineRequest = {
  messages: [{ role: 'user', content: 'Count from 1 to 60' }],
  maxTokens: 320,
  temperature: 0,
}

/** What a worker holds at the moment. */
export interface Holdings {
  tensors: number
  bytes: number
}

let counted = 0
let last: Worker
let onHoldings: (holdings: Holdings) => void
const workers = new Set<Worker>()

/** A worker that is watched until it is terminated. */
function start(url: string): Worker {
  const worker = new Worker(url, { type: 'module' })
  const terminate = worker.terminate.bind(worker)
  worker.terminate = () => {
    workers.delete(worker)
    terminate()
  }
  worker.addEventListener('message', ({ data }) => {
    counted += data.counted ?? 0
    if (data.holdings) onHoldings(data.holdings)
  })
  workers.add(worker)
  last = worker
  return worker
}

const bundled: OnnxOptions = {
  worker: () => start('/worker.js'),
  wasmPaths: { mjs: '/ort/ort-wasm-simd-threaded.mjs', wasm: '/ort/ort-wasm-simd-threaded.wasm' },
  modelBaseURL: '/models',
}

const WAYS = {
  bundled,
  counting: { ...bundled, worker: () => start('/counting-worker.js') },
  threads: { ...bundled, numThreads: 2 },
  gpu: { ...bundled, device: 'webgpu', wasmPaths: '/ort/' },
  /** A page without a bundler: worker and packages by URL, and ONNX Runtime's files beside its module. */
  url: {
    workerURL: '/worker-module.js',
    moduleURLs: {
      ort: '/ort/ort.wasm.min.mjs',
      tokenizers: '/npm/@huggingface/tokenizers/dist/tokenizers.min.mjs',
      jinja: '/npm/@huggingface/jinja/dist/index.js',
    },
    modelBaseURL: '/models/',
  },
} satisfies Record<string, OnnxOptions>

export type Way = keyof typeof WAYS

const spoiling = (name: string, code: string) => ({
  name,
  model: { ...tiny, source: { url: `/spoiled/${name}/${GRAPH}` } },
  codes: [code],
  begin: () => spoil(true),
  mend: () => spoil(false),
})

const checks = engineChecks({
  create: () => onnx(WAYS.counting),
  model: tiny,
  request,
  generatedTokens: () => counted,
  resources: () => workers.size,
  downloads: () => countDownloads(),
  crash: () => last.terminate(),
  faults: [
    spoiling('missing', 'model_not_found'),
    spoiling('failing', 'download_failed'),
    spoiling('html', 'invalid_files'),
    spoiling('truncated', 'invalid_files'),
    spoiling('cut', 'download_failed'),
    spoiling('corrupted', 'invalid_files'),
    {
      name: 'quota',
      model: { ...tiny, source: { url: `/models/./${GRAPH}?quota` } },
      codes: ['quota_exceeded'],
      hasCause: true,
      begin: () => limitStorage(1_000_000),
      mend: () => limitStorage(),
    },
    { name: 'unknown', model: { ...tiny, source: { url: 'nowhere/model.onnx' } }, codes: ['model_not_found'] },
    { name: 'no WebGPU', model: { ...tiny, source: { url: GRAPH, device: 'webgpu' } }, codes: ['no_webgpu'] },
    {
      name: 'a prompt that is too long',
      model: tiny,
      request: { ...request, messages: [{ role: 'user', content: 'word '.repeat(600) }] },
      codes: ['context_length_exceeded'],
    },
  ],
})

export const checkNames = (): string[] => checks.map((check) => check.name)

/** Returns why the check was skipped, if it was. */
export async function runCheck(name: string): Promise<string | undefined> {
  let reason: string | undefined
  const skip = (why: string) => {
    reason = why
  }
  await checks.find((check) => check.name === name)?.run({ skip, keep: true })
  return reason
}

let loaded: LoadedModel

export interface Load {
  loadMs: number
  progress: LoadProgress[]
  before: string
  after: string
}

/** Loads and keeps the model. */
export async function load(way: Way, over: Partial<ModelInfo> = {}): Promise<Load> {
  const model = { ...tiny, ...over }
  const subject = onnx(WAYS[way])
  const progress: LoadProgress[] = []
  const before = await subject.status(model)
  const begun = performance.now()
  loaded = await subject.load(model, { onProgress: (report) => progress.push(report) })
  const loadMs = Math.round(performance.now() - begun)
  return { loadMs, progress, before, after: await subject.status(model) }
}

export const status = (way: Way, over: Partial<ModelInfo>) => onnx(WAYS[way]).status({ ...tiny, ...over })

export interface Answered extends Collected {
  ms: number
  firstMs: number
}

export async function answer(
  messages: ChatMessage[],
  maxTokens: number,
  over: Partial<EngineRequest> = {},
): Promise<Answered> {
  const begun = performance.now()
  let firstMs = 0
  const timed: LoadedModel = {
    ...loaded,
    async *generate(request, options) {
      for await (const event of loaded.generate(request, options)) {
        if (event.type === 'delta' && event.tokens > 0) firstMs ||= performance.now() - begun
        yield event
      }
    },
  }
  const answered = await collect(timed, { messages, maxTokens, temperature: 0, ...over })
  return { ...answered, firstMs, ms: performance.now() - begun }
}

/** What the worker holds after as many short answers to prompts that go on from each other, or don't. */
export async function holdingsAfter(answers: number): Promise<Holdings> {
  for (let i = 0; i < answers; i++) {
    const first: ChatMessage[] = [{ role: 'user', content: `Say ${i % 7}` }]
    const second: ChatMessage[] = [
      { role: 'assistant', content: 'Yes.' },
      { role: 'user', content: 'Hello!' },
    ]
    await answer(i % 3 ? first : [...first, ...second], 3)
  }
  return new Promise((resolve) => {
    onHoldings = resolve
    last.postMessage('holdings')
  })
}

export interface Outcome {
  name: string
  code?: string
  message: string
}

async function outcomeOf(run: () => Promise<unknown>): Promise<Outcome> {
  try {
    await run()
    return { name: 'none', message: '' }
  } catch (error) {
    const { name, message } = error as Error
    return error instanceof EngineError ? { name, code: error.code, message } : { name, message }
  }
}

/** How a load fails. */
export function failure(way: Way, options: object, source: Record<string, string> = {}): Promise<Outcome> {
  const subject = onnx({ ...WAYS[way], ...options })
  return outcomeOf(() => subject.load({ ...tiny, source: { ...tiny.source, ...source } }))
}

export const obstacle = () => onnx(WAYS.bundled).obstacle?.()

/** Files in the Cache API. */
export async function storedFiles(): Promise<string[]> {
  const names = await caches.keys()
  const keys = await Promise.all(names.map(async (name) => (await caches.open(name)).keys()))
  return keys.flat().map((key) => new URL(key.url).pathname)
}

let begun: Promise<Outcome>
let controller: AbortController

/** Starts a load that the server holds up, */
export function startLoad(url: string): void {
  controller = new AbortController()
  const model = { ...tiny, source: { url, filesURL: '/models/edgewise-tiny-v1/' } }
  begun = outcomeOf(() => onnx(WAYS.bundled).load(model, { signal: controller.signal }))
}

/** and aborts it. */
export function abortLoad(): Promise<Outcome> {
  controller.abort(new DOMException('not now', 'AbortError'))
  return begun
}

/** Starts an answer; resolves with its first token. */
export async function startAnswer(messages: ChatMessage[], maxTokens: number): Promise<void> {
  const started = Promise.withResolvers<void>()
  begun = outcomeOf(async () => {
    for await (const event of loaded.generate({ messages, maxTokens, temperature: 0 })) {
      if (event.type === 'delta') started.resolve()
    }
  })
  await started.promise
}

/** How it ended. */
export const howItEnded = () => begun

/** How the model itself ends. */
export const howItIsLost = () => outcomeOf(async () => Promise.reject(await loaded.lost))
