/** Runs in Chromium, under a Content-Security-Policy: each engine loads and says one thing. */
import type { Engine } from '../../../src/engine/engine.ts'
import { onnx } from '../../../src/engines/onnx/index.ts'
import { transformers } from '../../../src/engines/transformers/index.ts'
import { webllm } from '../../../src/engines/webllm/index.ts'
import { wllama } from '../../../src/engines/wllama/index.ts'
import { isEngineError } from '../../../src/errors/engine-error.ts'
import { collect } from '../../../src/testing/conformance.ts'
import { testModel } from '../../../src/testing/model.ts'
import type { Casting } from '../../engines/pages/webllm-scripted-worker.ts'

const wasmPaths = { mjs: '/ort/ort-wasm-simd-threaded.mjs', wasm: '/ort/ort-wasm-simd-threaded.wasm' }
const files = '/models/edgewise-tiny-v1'
const workerAt = (url: string) => () => new Worker(url, { type: 'module' })

/** The real package with real files; only what would need a compiled model is scripted. */
const casting: Casting = { part: 'pipeline', script: { tokens: ['Hello!', ' How can I help you?'] } }

/** By the rows of the table, which name an engine and perhaps a setting. */
const SUBJECTS: Record<string, { engine: () => Engine; source: Record<string, string> }> = {
  'transformers with wasmCache: false': {
    engine: () =>
      transformers({
        worker: workerAt('/transformers-worker.js'),
        wasmPaths,
        modelBaseURL: '/models/',
        wasmCache: false,
      }),
    source: { modelId: 'edgewise-tiny-v1' },
  },
  'transformers by default': {
    engine: () => transformers({ worker: workerAt('/transformers-worker.js'), wasmPaths, modelBaseURL: '/models/' }),
    source: { modelId: 'edgewise-tiny-v1' },
  },
  onnx: {
    engine: () => onnx({ worker: workerAt('/onnx-worker.js'), wasmPaths }),
    source: { url: `${files}/onnx/model_quantized.onnx` },
  },
  webllm: {
    engine: () => webllm({ worker: workerAt(`/webllm-worker.js?${encodeURIComponent(JSON.stringify(casting))}`) }),
    source: { modelId: 'Tiny-q4f32_1-MLC', modelURL: '/mlc/tiny/', modelLib: '/mlc/tiny/lib.wasm' },
  },
  wllama: {
    engine: () => wllama({ wasmURL: '/wllama/wasm/wllama.wasm' }),
    source: { url: `${files}/edgewise-tiny-v1-q8_0.gguf` },
  },
}

export interface Spoken {
  /** Whether WebAssembly has threads here. */
  isolated: boolean
  text?: string
  code?: string
  message?: string
}

export async function speak(name: string): Promise<Spoken> {
  const subject = SUBJECTS[name]
  if (!subject) throw new Error(`nobody has tried ${name}`)
  const isolated = globalThis.crossOriginIsolated
  const engine = subject.engine()
  try {
    const model = testModel({ id: 'tiny', framework: engine.name, source: subject.source })
    const loaded = await engine.load(model)
    const { text } = await collect(loaded, {
      messages: [{ role: 'user', content: 'Hello!' }],
      maxTokens: 40,
      temperature: 0,
    })
    return { text, isolated }
  } catch (error) {
    if (!isEngineError(error)) throw error
    return { code: error.code, message: error.message, isolated }
  } finally {
    await engine.dispose()
  }
}
