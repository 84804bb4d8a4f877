/** What an app in TypeScript writes, with every sub-path: compiled, never run. */
import type { Engine, EngineEvent, GenerateResult, ModelInfo } from '@edgewise/client'
import { HybridInferenceClient, isEngineNotInstalledError } from '@edgewise/client'
import { LocalInferenceClient } from '@edgewise/client/local'
import { onnx } from '@edgewise/client/onnx'
import '@edgewise/client/onnx/worker'
import '@edgewise/client/onnx/worker-module'
import { decide, features, parseSnapshot } from '@edgewise/client/policy'
import { promptAPI } from '@edgewise/client/prompt-api'
import { FakeEngine, testModel } from '@edgewise/client/testing'
import { transformers } from '@edgewise/client/transformers'
import '@edgewise/client/transformers/worker'
import '@edgewise/client/transformers/worker-module'
import { webllm } from '@edgewise/client/webllm'
import '@edgewise/client/webllm/worker'
import '@edgewise/client/webllm/worker-module'
import { wllama } from '@edgewise/client/wllama'

const worker = () => new Worker('/worker.js', { type: 'module' })

const engines: Engine[] = [
  webllm({ worker }),
  transformers({ worker, wasmPaths: '/ort/', modelBaseURL: '/models/' }),
  onnx({ worker, wasmPaths: { mjs: '/ort.mjs', wasm: '/ort.wasm' } }),
  wllama({ wasmURL: new URL('https://example.com/wllama.wasm') }),
  promptAPI(),
  new FakeEngine(),
]

export const client = new HybridInferenceClient({
  baseURL: '/api/v1',
  engines,
  headers: async ({ refresh }) => ({ authorization: refresh ? 'new' : 'old' }),
})

export const alone = new LocalInferenceClient({ engines, models: [testModel()] })

export async function say(prompt: string): Promise<GenerateResult | string> {
  try {
    const { models } = parseSnapshot('{}')
    const model: ModelInfo = models[0] ?? testModel()
    await client.preload(model.id, { onProgress: ({ progress }) => console.log(progress * 100) })
    const stream = await client.chat.completions.create({ messages: [{ role: 'user', content: prompt }], stream: true })
    for await (const chunk of stream) console.log(chunk.choices[0]?.delta.content)
    for await (const event of client.stream({ messages: [] })) {
      if (event.type === 'done') console.log(event.route.reason)
    }
    return await client.generate(prompt, { maxTokens: 8, privacy: 'local-only', signal: AbortSignal.timeout(1000) })
  } catch (error) {
    if (isEngineNotInstalledError(error)) return error.packageName
    throw error
  }
}

export const target: 'browser' | 'server' | 'none' = decide(
  parseSnapshot('{}'),
  {},
  { promptLength: 4, features: features('Why?') },
).target

/** An engine of the app's own, which gets its own types back. */
export const mine: Engine = {
  name: 'acme/mine',
  supports: { n: 1 },
  status: async () => 'absent',
  load: async (model) => ({
    model,
    lost: new Promise(() => {}),
    async *generate(): AsyncGenerator<EngineEvent> {
      yield { type: 'done', finishReason: 'stop', usage: { promptTokens: 1, completionTokens: 0 } }
    },
    unload: async () => {},
  }),
  dispose: async () => {},
}
