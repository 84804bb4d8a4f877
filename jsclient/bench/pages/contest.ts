/** Runs in Chromium: answers through the client and answers of the bare engine, by turns. */
import * as wllamaPackage from '@wllama/wllama/esm/index.js'
import { HybridInferenceClient } from '../../src/client/client.ts'
import type { Engine } from '../../src/engine/engine.ts'
import { transformers } from '../../src/engines/transformers/index.ts'
import { wllama } from '../../src/engines/wllama/index.ts'
import { testModel, testSnapshot } from '../../src/testing/index.ts'
import type { ChatMessage, ModelInfo } from '../../src/wire.ts'

// Its declarations need a bundler's module resolution.
const { Wllama } = wllamaPackage as unknown as { Wllama: new (paths: object, options: object) => BareWllama }

interface BareWllama {
  loadModelFromUrl(url: string, options: object): Promise<void>
  createChatCompletion(request: object): Promise<AsyncIterable<{ choices: { delta: { content?: string } }[] }>>
}

/** Gives an answer and calls `onToken` for every piece of it. */
type Contender = (messages: ChatMessage[], maxTokens: number, onToken: () => void) => Promise<void>

/** Milliseconds, an answer each. */
interface Times {
  first: number[]
  token: number[]
}

export interface Contest {
  client: Times
  bare: Times
  /** Tokens of an answer. */
  tokens: number
}

const messages: ChatMessage[] = [{ role: 'user', content: 'Count from 1 to 20' }]
const MAX_TOKENS = 64
const CONTEXT_WINDOW = 512
const gguf = `${location.origin}/models/edgewise-tiny-v1/edgewise-tiny-v1-q8_0.gguf`
const wasmURL = '/wllama/wasm/wllama.wasm'

const sides = {} as Record<'client' | 'bare', Contender>

/** Loads the engine twice. */
export async function prepare(name: string): Promise<void> {
  const tiny = name === 'wllama'
  sides.client = await throughClient(
    tiny ? wllama({ wasmURL, numThreads: 1 }) : transformersEngine(),
    testModel({
      id: 'tiny',
      framework: name,
      contextWindow: CONTEXT_WINDOW,
      source: tiny ? { url: gguf } : { modelId: 'edgewise-tiny-v1', dtype: 'q8', device: 'wasm' },
    }),
  )
  sides.bare = tiny ? await bareWllama() : await bareWorker()
}

/** Alternates, each going first in every other pair. */
export async function run(pairs: number, warmUp: number): Promise<Contest> {
  const times: Contest = { client: { first: [], token: [] }, bare: { first: [], token: [] }, tokens: 0 }
  for (let i = 0; i < pairs; i++) {
    const order = i % 2 ? (['client', 'bare'] as const) : (['bare', 'client'] as const)
    for (const side of order) {
      const { first, token, tokens } = await runOnce(side)
      if (i < warmUp) continue
      times[side].first.push(first)
      times[side].token.push(token)
      times.tokens = tokens
    }
  }
  return times
}

export async function runOnce(side: 'client' | 'bare'): Promise<{ first: number; token: number; tokens: number }> {
  const start = performance.now()
  let first = 0
  let last = 0
  let tokens = 0
  await sides[side](messages, MAX_TOKENS, () => {
    last = performance.now()
    first ||= last
    tokens++
  })
  return { first: first - start, token: (last - first) / (tokens - 1), tokens }
}

function transformersEngine(): Engine {
  return transformers({
    worker: () => new Worker('/worker.js', { type: 'module' }),
    wasmPaths: { mjs: '/ort/ort-wasm-simd-threaded.mjs', wasm: '/ort/ort-wasm-simd-threaded.wasm' },
    modelBaseURL: '/models/',
  })
}

/** Local-only, so that what is timed is the page's own doing: no request goes over the wire. */
async function throughClient(engine: Engine, model: ModelInfo): Promise<Contender> {
  const snapshot = testSnapshot({ models: [model] })
  const client = new HybridInferenceClient({
    baseURL: '/api/v1',
    engines: [engine],
    reports: false,
    fetch: async () => Response.json(snapshot, { headers: { 'X-Edgewise-Version': '1.0' } }),
  })
  await client.preload()
  return async (messages, maxTokens, onToken) => {
    const asked = { messages, max_tokens: maxTokens, temperature: 0, privacy: 'local-only', stream: true } as const
    for await (const chunk of await client.chat.completions.create(asked)) {
      if (chunk.choices[0]?.delta.content) onToken()
    }
  }
}

async function bareWorker(): Promise<Contender> {
  const worker = new Worker('/bare-worker.js', { type: 'module' })
  const next = (onText: () => void) =>
    new Promise<void>((resolve) => {
      worker.onmessage = ({ data }) => (data.text === undefined ? resolve() : onText())
    })
  await next(() => {})
  return (messages, maxTokens, onToken) => {
    worker.postMessage({ messages, maxTokens })
    return next(onToken)
  }
}

/** With the same settings, which make llama.cpp itself quicker or slower. */
async function bareWllama(): Promise<Contender> {
  const engine = new Wllama({ default: wasmURL }, { suppressNativeLog: true })
  const parameters = { n_ctx: CONTEXT_WINDOW, n_batch: 64, n_parallel: 1, n_threads: 1, n_gpu_layers: 0 }
  await engine.loadModelFromUrl(gguf, parameters)
  const sampling = { temperature: 0, top_k: 0, top_p: 1, min_p: 0, cache_prompt: true, timings_per_token: true }
  return async (messages, maxTokens, onToken) => {
    const asked = { messages, max_tokens: maxTokens, stream: true, ...sampling } as const
    for await (const chunk of await engine.createChatCompletion(asked)) {
      if (chunk.choices[0]?.delta.content) onToken()
    }
  }
}
