/** Runs in Chromium: the tiny model in one engine after another. */
import type { Engine, LoadedModel } from '../../../src/engine/engine.ts'
import { onnx } from '../../../src/engines/onnx/index.ts'
import { transformers } from '../../../src/engines/transformers/index.ts'
import { wllama } from '../../../src/engines/wllama/index.ts'
import { collect } from '../../../src/testing/conformance.ts'
import { testModel } from '../../../src/testing/model.ts'
import type { ChatMessage } from '../../../src/wire.ts'

const wasmPaths = { mjs: '/ort/ort-wasm-simd-threaded.mjs', wasm: '/ort/ort-wasm-simd-threaded.wasm' }
const workerAt = (url: string) => () => new Worker(url, { type: 'module' })
const files = '/models/edgewise-tiny-v1'

const SUBJECTS: [Engine, Record<string, string>][] = [
  [
    transformers({ worker: workerAt('/transformers-worker.js'), wasmPaths, modelBaseURL: '/models/' }),
    { modelId: 'edgewise-tiny-v1' },
  ],
  [onnx({ worker: workerAt('/onnx-worker.js'), wasmPaths }), { url: `${files}/onnx/model_quantized.onnx` }],
  [wllama({ wasmURL: '/wllama/wasm/wllama.wasm' }), { url: `${files}/edgewise-tiny-v1-q8_0.gguf` }],
]

export interface Asked {
  messages: ChatMessage[]
  maxTokens: number
}

/** Texts of the answers to all prompts, by engine. */
export async function answerAll(prompts: Asked[]): Promise<Record<string, string[]>> {
  const answers: Record<string, string[]> = {}
  for (const [engine, source] of SUBJECTS) {
    const loaded = await engine.load(testModel({ framework: engine.name, source }))
    answers[engine.name] = await answer(loaded, prompts)
    await engine.dispose()
  }
  return answers
}

async function answer(loaded: LoadedModel, prompts: Asked[]): Promise<string[]> {
  const texts: string[] = []
  for (const { messages, maxTokens } of prompts) {
    texts.push((await collect(loaded, { messages, maxTokens, temperature: 0 })).text)
  }
  return texts
}
