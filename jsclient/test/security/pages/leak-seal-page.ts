/** Runs in Chromium: workers before and after they gave up the network. */
import { connect } from '../../../src/engine/connect.ts'
import type { Engine, LoadedModel } from '../../../src/engine/engine.ts'
import { onnx } from '../../../src/engines/onnx/index.ts'
import { transformers } from '../../../src/engines/transformers/index.ts'
import { webllm } from '../../../src/engines/webllm/index.ts'
import { wllama } from '../../../src/engines/wllama/index.ts'
import { collect } from '../../../src/testing/conformance.ts'
import { testModel } from '../../../src/testing/model.ts'
import type { Casting } from '../../engines/pages/webllm-scripted-worker.ts'
import type { Order } from './leak-seal-worker.ts'

let worker: Worker

/** Starts a worker whose engine leaks; sealed, once a model is resident. */
export async function start(sealed: boolean): Promise<void> {
  worker = new Worker('/seal-worker.js')
  if (sealed) await connect(worker).load(testModel(), {})
}

/** How a way ended in it: "done", or the error's name. */
export function tryIn(order: Order): Promise<string> {
  const ended = new Promise<string>((resolve) => {
    const hear = ({ data }: MessageEvent<{ ended?: string }>) => {
      if (data.ended === undefined) return
      worker.removeEventListener('message', hear)
      resolve(data.ended)
    }
    worker.addEventListener('message', hear)
  })
  worker.postMessage(order)
  return ended
}

const wasmPaths = { mjs: '/ort/ort-wasm-simd-threaded.mjs', wasm: '/ort/ort-wasm-simd-threaded.wasm' }
const workerAt = (url: string) => () => new Worker(url, { type: 'module' })
const casting: Casting = { part: 'pipeline', script: { tokens: ['Hello!', ' How can I help you?'] } }

/** The real packages, with what a model of theirs is found by. */
const ENGINES: Record<string, { engine: () => Engine; source: Record<string, string> }> = {
  transformers: {
    engine: () => transformers({ worker: workerAt('/transformers-worker.js'), wasmPaths, modelBaseURL: '/models/' }),
    source: { modelId: 'edgewise-tiny-v1' },
  },
  onnx: {
    engine: () => onnx({ worker: workerAt('/onnx-worker.js'), wasmPaths }),
    source: { url: '/models/edgewise-tiny-v1/onnx/model_quantized.onnx' },
  },
  webllm: {
    engine: () => webllm({ worker: workerAt(`/webllm-worker.js?${encodeURIComponent(JSON.stringify(casting))}`) }),
    source: { modelId: 'Tiny-q4f32_1-MLC', modelURL: '/mlc/tiny/', modelLib: '/mlc/tiny/lib.wasm' },
  },
  wllama: {
    engine: () => wllama({ wasmURL: '/wllama/wasm/wllama.wasm' }),
    source: { url: '/models/edgewise-tiny-v1/edgewise-tiny-v1-q8_0.gguf' },
  },
}

let engine: Engine
let loaded: LoadedModel

export async function load(name: string): Promise<void> {
  const { engine: create, source } = ENGINES[name] as (typeof ENGINES)[string]
  engine = create()
  loaded = await engine.load(testModel({ framework: engine.name, source }))
}

export async function answer(): Promise<string> {
  const { text } = await collect(loaded, {
    messages: [{ role: 'user', content: 'Hello!' }],
    maxTokens: 40,
    temperature: 0,
  })
  return text
}

export const unload = () => engine.dispose()
