/** Runs in Chromium: the WebLLM adapter with the real package, in the real worker or in one with a script. */

import type { Engine, EngineRequest, LoadProgress } from '../../../src/engine/engine.ts'
import type { WebLLMOptions } from '../../../src/engines/webllm/index.ts'
import { webllm } from '../../../src/engines/webllm/index.ts'
import { EngineError } from '../../../src/errors/engine-error.ts'
import type { Check, Collected } from '../../../src/testing/conformance.ts'
import { collect, engineChecks } from '../../../src/testing/conformance.ts'
import type { ModelInfo } from '../../../src/wire.ts'
import { testModel } from '../model.ts'
import type { Script } from '../webllm-script.ts'
import type { Casting } from './webllm-scripted-worker.ts'

/** What the test gives to the page. */
declare global {
  function countDownloads(): Promise<number>
  function spoil(file: string, fault: string): Promise<void>
  function limitStorage(bytes: number): Promise<void>
  function crashGPU(): Promise<void>
}

export interface Outcome {
  name: string
  code?: string
  message: string
}

const NONE: Outcome = { name: 'none', message: 'nothing went wrong' }

function outcome(error: unknown): Outcome {
  const { name, message } = error as Error
  return error instanceof EngineError ? { name, code: error.code, message } : { name, message }
}

/** The model whose files lie under a path. */
function modelAt(path: string, over: Partial<ModelInfo> = {}): ModelInfo {
  return testModel({
    id: 'tiny-mlc',
    framework: 'webllm',
    source: { modelId: 'Tiny-q4f32_1-MLC', modelURL: path, modelLib: `${path}lib.wasm` },
    ...over,
  })
}

const tiny = modelAt('/models/tiny/')
const spoiled = modelAt('/spoiled/tiny/')

const words = Array.from({ length: 20 }, (_, i) => `w${i}${i % 3 === 0 ? 'a b' : ' '}`)
const request: EngineRequest = { messages: [{ role: 'user', content: 'count' }], maxTokens: 64, temperature: 0 }

let counted = 0
let last: Worker
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
  })
  workers.add(worker)
  last = worker
  return worker
}

function scripted(part: Casting['part'], script: Script = { tokens: words }): WebLLMOptions {
  const casting: Casting = { part, script }
  return { worker: () => start(`/scripted-worker.js?${encodeURIComponent(JSON.stringify(casting))}`) }
}

const real: WebLLMOptions = { worker: () => start('/worker.js') }

/** Nothing is stored of any model. */
async function forgetAll(): Promise<void> {
  for (const name of await caches.keys()) await caches.delete(name)
}

const FILES = ['mlc-chat-config.json', 'lib.wasm', 'tokenizer.json', 'tensor-cache.json', 'params_shard_1.bin']

/**
 * The ways in which servers and networks spoil a file. Those that don't look into it are tried on the first and the last.
 * The checksums are those that the registry would list.
 */
function faultsOf(file: string, sha256: Record<string, string>) {
  const blind = [
    { name: 'missing', code: 'model_not_found' },
    { name: 'failing', code: 'download_failed' },
    { name: 'cut', code: 'download_failed' },
  ]
  return [
    ...(file === FILES[0] || file === FILES.at(-1) ? blind : []),
    ...['html', 'truncated', 'corrupted'].map((name) => ({ name, code: 'invalid_files' })),
  ].map(({ name, code }) => ({
    name: `${file} ${name}`,
    // Weights alone say nothing of themselves but their length.
    model: name === 'corrupted' && file.endsWith('.bin') ? { ...spoiled, sha256 } : spoiled,
    codes: [code],
    async begin() {
      await forgetAll()
      await spoil(file, name)
    },
    mend: () => spoil(file, 'none'),
  }))
}

function checksOf(part: Casting['part'], checksums: Record<string, string> = {}) {
  const faults = [
    ...FILES.flatMap((file) => faultsOf(file, checksums)),
    {
      name: 'quota',
      model: modelAt('/models/./tiny/'),
      codes: ['quota_exceeded'],
      hasCause: true,
      begin: () => forgetAll().then(() => limitStorage(1_000_000)),
      mend: () => limitStorage(1_000_000_000),
    },
    { name: 'unknown', model: modelAt('/nowhere/'), codes: ['model_not_found'] },
  ]
  return engineChecks({
    create() {
      const { store, ...engine } = webllm(scripted(part))
      // A worker that is scripted as a whole stores nothing.
      return part === 'pipeline' && store ? { ...engine, store } : engine
    },
    model: tiny,
    earlier: spoiled,
    request,
    generatedTokens: () => counted,
    samples: false,
    resources: () => workers.size,
    downloads: () => countDownloads(),
    crash: () => void last.dispatchEvent(new ErrorEvent('error', { message: 'RuntimeError: unreachable' })),
    faults: part === 'pipeline' ? faults : [],
    patienceMs: 300_000, // All those loads are one check.
  })
}

const suites = new Map<Casting['part'], Check[]>()

/** Returns why the check was skipped, if it was. */
export async function runCheck(
  part: Casting['part'],
  name: string,
  checksums?: Record<string, string>,
): Promise<string | undefined> {
  let reason: string | undefined
  const skip = (why: string) => {
    reason = why
  }
  const checks = suites.get(part) ?? checksOf(part, checksums)
  suites.set(part, checks)
  await checks.find((check) => check.name === name)?.run({ skip, keep: true })
  return reason
}

export interface Attempt {
  /** Which worker: the real one, one with a script, or the real one by URL, without a bundler. */
  as?: 'real' | Casting['part'] | 'url'
  script?: Script
  path?: string
  model?: Partial<ModelInfo>
  options?: Omit<WebLLMOptions, 'worker'>
}

const byURL = { workerURL: '/worker-module.js', moduleURL: '/npm/@mlc-ai/web-llm/lib/index.js' }

function subject({ as = 'real', script, path = '/models/tiny/', model, options }: Attempt): [Engine, ModelInfo] {
  const base = as === 'url' ? byURL : as === 'real' ? real : scripted(as, script)
  return [webllm({ ...base, ...options }), modelAt(path, model)]
}

/** How a load, and one answer, end. */
export async function attempt(how: Attempt): Promise<Outcome> {
  const [engine, model] = subject(how)
  try {
    await collect(await engine.load(model), request)
    return NONE
  } catch (error) {
    return outcome(error)
  } finally {
    await engine.dispose()
  }
}

export function status(how: Attempt): Promise<string> {
  const [engine, model] = subject(how)
  return engine.status(model)
}

/** What a load reports. */
export async function progressOf(how: Attempt): Promise<LoadProgress[]> {
  const [engine, model] = subject(how)
  const seen: LoadProgress[] = []
  await engine.load(model, { onProgress: (progress) => seen.push(progress) })
  await engine.dispose()
  return seen
}

/** Puts something into one of WebLLM's stores, */
export async function store(cache: string, path: string, content: string): Promise<void> {
  await (await caches.open(cache)).put(path, new Response(content))
}

/** or takes it away. */
export async function discard(path: string): Promise<void> {
  for (const name of await caches.keys()) await (await caches.open(name)).delete(path)
}

export interface Death {
  /** How the answer ended, */
  during: Outcome
  lost: Outcome
  /** and what the same engine says when it has loaded again. */
  again: Collected
}

/** The worker, or the GPU, dies in the middle of an answer. */
export async function die(how: 'throw' | 'close' | 'gpu'): Promise<Death> {
  const engine = webllm(scripted('pipeline'))
  const loaded = await engine.load(tiny)
  const events = loaded.generate(request)[Symbol.asyncIterator]()
  await events.next()
  if (how === 'gpu') await crashGPU()
  else last.postMessage({ die: how })
  const rest = async () => {
    while (!(await events.next()).done);
    return NONE
  }
  const lost = outcome(await loaded.lost)
  const during = await rest().catch(outcome)
  const again = await collect(await engine.load(tiny), request)
  await engine.dispose()
  return { during, lost, again }
}

let slow: Promise<string>

/** Starts an answer that takes its time, */
export async function startSlowly(stallMs: number): Promise<void> {
  const script = { tokens: words, tokenMs: 100 }
  const [engine, model] = subject({ as: 'worker', script, options: { stallMs } })
  const loaded = await engine.load(model)
  slow = collect(loaded, request)
    .then(({ text }) => text)
    .finally(() => engine.dispose())
}

/** and gives it. */
export async function endOfSlow(): Promise<boolean> {
  return (await slow) === words.join('')
}

let controller: AbortController
let pending: Promise<Outcome>

/** Starts a load that the server holds up, */
export function startLoad(path: string): void {
  controller = new AbortController()
  const [engine, model] = subject({ path })
  pending = engine.load(model, { signal: controller.signal }).then(() => NONE, outcome)
}

/** and aborts it. */
export function abortLoad(): Promise<Outcome> {
  controller.abort(new DOMException('not now', 'AbortError'))
  return pending
}
