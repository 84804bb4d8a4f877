/** Runs in Chromium: an engine that keeps files in the Cache API, asked for what it keeps. */
import type { Engine, EngineStore } from '../../../src/engine/engine.ts'
import { onnx } from '../../../src/engines/onnx/index.ts'
import { transformers } from '../../../src/engines/transformers/index.ts'
import { EngineError } from '../../../src/errors/engine-error.ts'
import { collect } from '../../../src/testing/conformance.ts'
import type { ModelInfo } from '../../../src/wire.ts'
import { testModel } from '../model.ts'
import { rewrite } from './cached-files.ts'

export { putOwn } from './cached-files.ts'

const worker = (url: string) => () => new Worker(url, { type: 'module' })
const wasmPaths = { mjs: '/ort/ort-wasm-simd-threaded.mjs', wasm: '/ort/ort-wasm-simd-threaded.wasm' }

const ENGINES = {
  transformers: () => transformers({ worker: worker('/transformers-worker.js'), wasmPaths, modelBaseURL: '/files/' }),
  onnx: () => onnx({ worker: worker('/onnx-worker.js'), wasmPaths }),
}

export type Kind = keyof typeof ENGINES

/** A model, by its id, the folder that its files are in, its quantization, and what the registry says of them. */
export interface Wish extends Pick<Partial<ModelInfo>, 'sha256'> {
  id?: string
  folder?: string
  dtype?: string
}

let engine: Engine

export function make(kind: Kind): void {
  engine = ENGINES[kind]()
}

function modelOf({ id = 'tiny', folder = 'v1', dtype = 'q8', ...over }: Wish): ModelInfo {
  const file = dtype === 'q8' ? 'model_quantized' : `model_${dtype}`
  return testModel({ id, ...over, source: { modelId: folder, dtype, url: `/files/${folder}/onnx/${file}.onnx` } })
}

/** Loads the model, and gives what it says to "Hello!", or the code of its failure. */
export async function say(wish: Wish = {}): Promise<string> {
  try {
    const loaded = await engine.load(modelOf(wish))
    const messages = [{ role: 'user' as const, content: 'Hello!' }]
    const { text } = await collect(loaded, { messages, maxTokens: 16, temperature: 0 })
    await loaded.unload()
    return text
  } catch (error) {
    if (error instanceof EngineError) return error.code
    throw error
  }
}

let controller: AbortController
let loading: Promise<string>

export function startLoad(wish: Wish = {}): void {
  controller = new AbortController()
  loading = engine.load(modelOf(wish), { signal: controller.signal }).then(() => 'loaded', String)
}

export function abortLoad(): Promise<string> {
  controller.abort(new DOMException('not now', 'AbortError'))
  return loading
}

export const status = (wish: Wish = {}) => engine.status(modelOf(wish))

/** Calls the store. */
export const ask = (method: keyof EngineStore, wish: Wish = {}) => engine.store?.[method](modelOf(wish))

/** Calls the store with a signal that has aborted, or aborts at once. */
export async function askAborted(method: keyof EngineStore, late: boolean): Promise<string> {
  const controller = new AbortController()
  if (!late) controller.abort(new Error('no'))
  const answer = engine.store?.[method](modelOf({ folder: 'other' }), { signal: controller.signal })
  controller.abort(new Error('no'))
  return String(await answer?.then(() => 'answered', String))
}

/** What is in all caches: bytes of the bodies by path. */
export async function bodies(): Promise<Record<string, number>> {
  const found: Record<string, number> = {}
  for (const name of await caches.keys()) {
    const cache = await caches.open(name)
    for (const request of await cache.keys()) {
      const body = await (await cache.match(request))?.arrayBuffer()
      found[new URL(request.url).pathname] = body?.byteLength ?? 0
    }
  }
  return found
}

/** Overwrites the head of a stored file. */
export const corrupt = (path: string) => rewrite(path, (bytes) => bytes.fill(0xa5, 0, 1000))
