/** Runs in Chromium, under a Content-Security-Policy: each engine loads and says one thing. */
import type { Engine } from '../../../src/engine/engine.ts'
import { onnx } from '../../../src/engines/onnx/index.ts'
import { transformers } from '../../../src/engines/transformers/index.ts'
import { wllama } from '../../../src/engines/wllama/index.ts'
import { isEngineError } from '../../../src/errors/engine-error.ts'
import { collect } from '../../../src/testing/conformance.ts'
import { testModel } from '../../../src/testing/model.ts'

const wasmPaths = { mjs: '/ort/ort-wasm-simd-threaded.mjs', wasm: '/ort/ort-wasm-simd-threaded.wasm' }
const files = '/models/edgewise-tiny-v1'
const workerAt = (url: string) => () => new Worker(url, { type: 'module' })

/** By the first word of a row of the table, which names an engine and perhaps an option. */
const SUBJECTS: Record<string, { engine: () => Engine; source: Record<string, string> }> = {
  transformers: {
    engine: () =>
      transformers({
        worker: workerAt('/transformers-worker.js'),
        wasmPaths,
        modelBaseURL: '/models/',
        wasmCache: false,
      }),
    source: { modelId: 'edgewise-tiny-v1' },
  },
  'transformers-wasm-cache': {
    engine: () => transformers({ worker: workerAt('/transformers-worker.js'), wasmPaths, modelBaseURL: '/models/' }),
    source: { modelId: 'edgewise-tiny-v1' },
  },
  onnx: {
    engine: () => onnx({ worker: workerAt('/onnx-worker.js'), wasmPaths }),
    source: { url: `${files}/onnx/model_quantized.onnx` },
  },
  wllama: {
    engine: () => wllama({ wasmURL: '/wllama/wasm/wllama.wasm', numThreads: 1 }),
    source: { url: `${files}/edgewise-tiny-v1-q8_0.gguf` },
  },
}

export interface Spoken {
  text?: string
  code?: string
  message?: string
}

export async function speak(name: string): Promise<Spoken> {
  const subject = SUBJECTS[name]
  if (!subject) throw new Error(`nobody has tried ${name}`)
  const engine = subject.engine()
  try {
    const model = testModel({ id: 'tiny', framework: engine.name, source: subject.source })
    const loaded = await engine.load(model)
    const { text } = await collect(loaded, {
      messages: [{ role: 'user', content: 'Hello!' }],
      maxTokens: 40,
      temperature: 0,
    })
    return { text }
  } catch (error) {
    if (!isEngineError(error)) throw error
    return { code: error.code, message: error.message }
  } finally {
    await engine.dispose()
  }
}
