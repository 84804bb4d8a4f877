/** Runs in Chromium: what the WebLLM adapter keeps on the device, with the real package and real files. */

import type { LoadProgress } from '../../../src/engine/engine.ts'
import { PEER_DEFAULT, webllm } from '../../../src/engines/webllm/index.ts'
import { EngineError } from '../../../src/errors/engine-error.ts'
import { collect } from '../../../src/testing/conformance.ts'
import type { ModelInfo } from '../../../src/wire.ts'
import { testModel } from '../model.ts'
import { rewrite } from './cached-files.ts'
import type { Casting } from './webllm-scripted-worker.ts'

export { putOwn } from './cached-files.ts'

const casting: Casting = { part: 'pipeline', script: { tokens: ['it ', 'works'] } }
const worker = () =>
  new Worker(`/scripted-worker.js?${encodeURIComponent(JSON.stringify(casting))}`, { type: 'module' })
const engine = webllm({ worker })

/** A model, by its id, the folder of its files, and what the registry says of them. */
export interface Wish {
  id?: string
  folder?: string
  sha256?: Record<string, string>
}

function modelOf({ id = 'tiny', folder = 'v1', ...over }: Wish): ModelInfo {
  const url = `/files/${folder}/tiny/`
  const source = { modelId: 'Tiny-q4f32_1-MLC', modelURL: url, modelLib: `${url}lib.wasm` }
  return testModel({ id, framework: 'webllm', source, ...over })
}

let controller: AbortController

/** Loads a model, and gives its answer, or why there is none. */
export async function say(wish: Wish = {}): Promise<string> {
  controller = new AbortController()
  try {
    const loaded = await engine.load(modelOf(wish), { signal: controller.signal })
    const messages = [{ role: 'user' as const, content: 'x' }]
    const { text } = await collect(loaded, { messages, maxTokens: 8, temperature: 0 })
    await loaded.unload()
    return text
  } catch (error) {
    return error instanceof EngineError ? error.code : String(error)
  }
}

/** Aborts the load. */
export const abort = (): void => controller.abort()

/** The last report of a load's bytes. */
export async function bytesOf(wish: Wish = {}): Promise<LoadProgress | undefined> {
  const seen: LoadProgress[] = []
  await (await engine.load(modelOf(wish), { onProgress: (report) => seen.push(report) })).unload()
  return seen.findLast(({ loadedBytes }) => loadedBytes !== undefined)
}

export const status = (wish: Wish = {}) => engine.status(modelOf(wish))

/** null = nobody can say. */
export async function missing(wish: Wish = {}): Promise<number | null> {
  return (await engine.store?.missingBytes(modelOf(wish))) ?? null
}

export const stored = (wish: Wish = {}) => engine.store?.storedBytes(modelOf(wish))
export const remove = (wish: Wish = {}) => engine.store?.remove(modelOf(wish))
export const removeOld = (wish: Wish = {}) => engine.store?.removeOld(modelOf(wish))

/** Of one of the package's own models, which this page does not know. */
export async function missingOfPackage(): Promise<number | undefined> {
  const model = testModel({ id: 'SmolLM2-360M-Instruct-q4f32_1-MLC', framework: 'webllm' })
  return webllm({ worker, appConfig: PEER_DEFAULT }).store?.missingBytes(model)
}

export const hasStoreIn = (cacheBackend: 'cache' | 'indexeddb' | 'opfs'): boolean =>
  webllm({ worker, appConfig: { cacheBackend } }).store !== undefined

/** Paths of all that is stored. */
export async function paths(): Promise<string[]> {
  const caching = (await caches.keys()).map(async (name) => (await caches.open(name)).keys())
  return (await Promise.all(caching))
    .flat()
    .map(({ url }) => new URL(url).pathname)
    .sort()
}

/** Overwrites a few bytes of a stored file. */
export const corrupt = (path: string) => rewrite(path, (bytes) => bytes.fill(0x20, 10, 20))
