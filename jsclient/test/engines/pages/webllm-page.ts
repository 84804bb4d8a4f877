/** Runs in Chromium: the WebLLM adapter with the real package, in a real worker or against a script. */

import type { LoadedModel } from '../../../src/engine/engine.ts'
import type { WebLLMOptions } from '../../../src/engines/webllm/index.ts'
import { webllm } from '../../../src/engines/webllm/index.ts'
import { EngineError } from '../../../src/errors/engine-error.ts'
import { testModel } from '../model.ts'
import { ScriptedWorker } from '../webllm-script.ts'

export interface Outcome {
  name: string
  code?: string
  message: string
}

function realWorker(): Worker {
  return new Worker('/webllm-worker.js', { type: 'module' })
}

function outcome(error: unknown): Outcome {
  const { name, message } = error as Error
  return error instanceof EngineError ? { name, code: error.code, message } : { name, message }
}

function modelAt(path: string, lib: string) {
  return testModel({
    id: 'tiny-mlc',
    framework: 'webllm',
    source: {
      modelId: 'Tiny-q4f32_1-MLC',
      modelURL: `${location.origin}${path}`,
      modelLib: `${location.origin}${lib}`,
    },
  })
}

/** Tries to load; says how it failed. */
export async function loadFails(
  path: string,
  lib: string,
  options: Pick<WebLLMOptions, 'workerURL' | 'moduleURL'> = {},
) {
  const engine = webllm(options.workerURL ? options : { worker: realWorker })
  try {
    await engine.load(modelAt(path, lib))
    return { name: 'none', message: 'it loaded' }
  } catch (error) {
    return outcome(error)
  } finally {
    await engine.dispose()
  }
}

/** A record without a library. */
export async function loadWithoutLibrary() {
  const record = { model: `${location.origin}/mlc/`, model_id: 'Tiny-q4f32_1-MLC' } as never
  const engine = webllm({ worker: realWorker, appConfig: { model_list: [record] } })
  return engine.load(testModel({ id: 'Tiny-q4f32_1-MLC' })).then(() => ({ name: 'none', message: '' }), outcome)
}

let controller: AbortController
let pending: Promise<Outcome>

/** Starts a load that the server holds up, */
export function startLoad(path: string): void {
  controller = new AbortController()
  const engine = webllm({ worker: realWorker })
  pending = engine
    .load(modelAt(path, '/mlc/lib.wasm'), { signal: controller.signal })
    .then(() => ({ name: 'none', message: 'it loaded' }), outcome)
}

/** and aborts it. */
export function abortLoad(): Promise<Outcome> {
  controller.abort(new DOMException('not now', 'AbortError'))
  return pending
}

export function status(path: string) {
  return webllm({ worker: realWorker }).status(modelAt(path, '/mlc/lib.wasm'))
}

let loaded: LoadedModel

/** Loads with a scripted worker on the real adapter, and speaks once. */
export async function speak(): Promise<string> {
  const worker = () => new ScriptedWorker({ tokens: ['it ', 'works'] }) as unknown as Worker
  loaded = await webllm({ worker }).load(modelAt('/mlc/', '/mlc/lib.wasm'))
  let text = ''
  for await (const event of loaded.generate({ messages: [{ role: 'user', content: 'x' }], maxTokens: 9 })) {
    if (event.type === 'delta') text += event.text
  }
  return text
}

/** Waits for the loss of that model. */
export async function waitForLoss(): Promise<Outcome> {
  return outcome(await loaded.lost)
}
