/** Runs in Chromium: what the wllama adapter keeps on the device, with the real package and the tiny model. */

import type { LoadProgress } from '../../../src/engine/engine.ts'
import { wllama } from '../../../src/engines/wllama/index.ts'
import { EngineError } from '../../../src/errors/engine-error.ts'
import { collect } from '../../../src/testing/conformance.ts'
import type { ChatMessage, ModelInfo } from '../../../src/wire.ts'
import { testModel } from '../model.ts'

const engine = wllama({ wasmURL: '/npm/@wllama/wllama/esm/wasm/wllama.wasm' })
const store = engine.store ?? fail()

function fail(): never {
  throw new Error('the engine has no store')
}

const tiny = (over: Partial<ModelInfo>) => testModel({ id: 'tiny', framework: 'wllama', sizeBytes: 0, ...over })

export interface Loaded {
  /** What went wrong; "" = nothing. */
  code: string
  text: string
  /** Of the last report that told bytes. */
  bytes: Pick<LoadProgress, 'loadedBytes' | 'totalBytes'>
}

let controller = new AbortController()

/** Loads a model, and asks it. */
export async function ask(over: Partial<ModelInfo>, messages: ChatMessage[], maxTokens: number): Promise<Loaded> {
  const answer: Loaded = { code: '', text: '', bytes: {} }
  controller = new AbortController()
  const onProgress = ({ loadedBytes, totalBytes }: LoadProgress) => {
    if (loadedBytes !== undefined && totalBytes !== undefined) answer.bytes = { loadedBytes, totalBytes }
  }
  try {
    const loaded = await engine.load(tiny(over), { signal: controller.signal, onProgress })
    answer.text = (await collect(loaded, { messages, maxTokens, temperature: 0 })).text
    await loaded.unload()
  } catch (error) {
    answer.code = error instanceof EngineError ? error.code : String(error)
  }
  return answer
}

/** Aborts the load. */
export function abort(): void {
  controller.abort()
}

/** Aborts the load, and begins the next one before that has ended. */
export function abortAndAsk(...args: Parameters<typeof ask>): Promise<Loaded> {
  abort()
  return ask(...args)
}

export const status = (over: Partial<ModelInfo>): Promise<string> => engine.status(tiny(over))

/** null = nobody can say. */
export async function missing(over: Partial<ModelInfo>): Promise<number | null> {
  return (await store.missingBytes(tiny(over))) ?? null
}

export const stored = (over: Partial<ModelInfo>): Promise<number> => store.storedBytes(tiny(over))

/** Has the next model's file end after so many bytes, without an error, whatever length it announces. */
export function endEarly(bytes: number): void {
  const { fetch } = globalThis
  globalThis.fetch = async (input, init) => {
    const response = await fetch(input, init)
    if (!response.url.endsWith('.gguf')) return response
    globalThis.fetch = fetch
    return new Response((await response.arrayBuffer()).slice(0, bytes), response)
  }
}

/** Resolves when so many bytes are on disk. */
export async function becomes(over: Partial<ModelInfo>, bytes: number): Promise<void> {
  while ((await stored(over)) !== bytes) await new Promise((resolve) => setTimeout(resolve, 10))
}

/** Removes a model, or what is old of it, and tells the code when that fails. */
export function remove(which: 'remove' | 'removeOld', over: Partial<ModelInfo>): Promise<string> {
  return store[which](tiny(over)).then(
    () => '',
    (error) => (error as EngineError).code,
  )
}

/** How calls with an aborted signal end. */
export function abortedCalls(): Promise<string[]> {
  const signal = AbortSignal.abort(new Error('no'))
  const methods = ['missingBytes', 'storedBytes', 'remove', 'removeOld'] as const
  const model = tiny({ source: { url: '/shelf/a.gguf' } })
  return Promise.all(methods.map((method) => store[method](model, { signal }).then(String, String)))
}

async function folder(): Promise<FileSystemDirectoryHandle> {
  return (await navigator.storage.getDirectory()).getDirectoryHandle('cache', { create: true })
}

/** Names of the files that the engine's folder holds, notes apart. */
export async function files(): Promise<string[]> {
  const names: string[] = []
  for await (const name of (await folder()).keys()) {
    if (!name.startsWith('__metadata__')) names.push(name.replace(/^[0-9a-f]{40}_/, ''))
  }
  return names.sort()
}

/** Puts something at a place of the one file of that name, or makes it. */
export async function write(name: string, position: number, data: string): Promise<void> {
  const within = await folder()
  let full = name
  for await (const each of within.keys()) if (each.endsWith(`_${name}`) && !each.startsWith('__')) full = each
  const handle = await within.getFileHandle(full, { create: true })
  const writable = await handle.createWritable({ keepExistingData: true })
  await writable.write({ type: 'write', position, data })
  await writable.close()
}

/** The package brings a model, by its own code. */
export async function downloadByPackage(url: string): Promise<void> {
  const peer = (await import('@wllama/wllama/esm/index.js')) as unknown as { ModelManager: new () => ModelManager }
  await new peer.ModelManager().downloadModel(new URL(url, location.href).href)
}

interface ModelManager {
  downloadModel(url: string): Promise<unknown>
}
