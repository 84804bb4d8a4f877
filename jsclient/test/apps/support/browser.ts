/** Chromium for built apps, with what their server has to have: models and Edgewise's side of the wire. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { FakeServer } from '../../../src/testing/fake-server.ts'
import { testModel } from '../../../src/testing/model.ts'
import type { ModelInfo } from '../../../src/wire.ts'
import { startHarness } from '../../browser/harness.ts'
import type { ServerOptions, TestServer } from '../../browser/server.ts'
import { startServer } from '../../browser/server.ts'
import { serve } from '../../client/wire-server.ts'
import { startOutside } from './outside.ts'

const files = resolve(import.meta.dirname, '../../../../examples/tinymodel/files')

interface Reference {
  prompts: { id: string; messages: { content: string }[]; maxTokens: number; text: string }[]
}

const { prompts } = JSON.parse(readFileSync(`${files}/edgewise-tiny-v1/reference.json`, 'utf8')) as Reference
const [reference] = prompts.filter(({ id }) => id === 'capital-france')
assert.ok(reference)
const { messages, maxTokens, text } = reference

/** The engines' packages, by the id of the engine's model; of several, any may be the first that is missed. */
export const PACKAGES = {
  transformers: '@huggingface/transformers',
  onnx: '@huggingface/jinja|@huggingface/tokenizers|onnxruntime-web',
  wllama: '@wllama/wllama',
  webllm: '@mlc-ai/web-llm',
}

/** Where the files lie of a model that can't run here: nobody may ask for them. */
const UNUSABLE = '/models/unusable/'

/** The tiny model, once an engine, as far as it comes in a form that the engine takes. */
const models: ModelInfo[] = [
  testModel({
    id: 'transformers',
    framework: 'transformers.js',
    source: { modelId: 'edgewise-tiny-v1', dtype: 'q8' },
  }),
  testModel({
    id: 'onnx',
    framework: 'onnx',
    source: { url: '/models/edgewise-tiny-v1/onnx/model_quantized.onnx' },
  }),
  testModel({
    id: 'wllama',
    framework: 'wllama',
    source: { url: '/models/edgewise-tiny-v1/edgewise-tiny-v1-q8_0.gguf' },
  }),
  testModel({
    id: 'webllm',
    framework: 'webllm',
    source: { modelURL: UNUSABLE, modelLib: `${UNUSABLE}lib.wasm` },
  }),
  testModel({ id: 'prompt-api', framework: 'prompt-api' }),
]

/** What the `ask` of a page says. */
export interface Asked {
  text: string
  source: string
  /** The model's load failed. */
  failure?: { name: string; code: string; message: string }
}

/** What `ask` says where all is well: the text that the model gives on every engine. */
const ANSWERED: Asked = { text, source: 'browser' }

/** Asks every engine: three answer here, and two say what this browser lacks. */
export async function assertEngines({ ask }: Pick<Apps, 'ask'>, url: string): Promise<void> {
  for (const engine of ['transformers', 'onnx', 'wllama']) assert.deepEqual(await ask(url, engine), ANSWERED, engine)
  // Its worker looks for the GPU: nothing in the page does, so this is said by one that has started.
  assertFallback(await ask(url, 'webllm'), 'ModelLoadError', 'no_webgpu')
  assertFallback(await ask(url, 'prompt-api'), 'EngineError', 'unavailable')
}

/** The load failed, and the server answered. */
export function assertFallback({ text, source, failure }: Asked, name: string, code: string): void {
  assert.deepEqual({ text, source }, { text: 'Hello from afar', source: 'server' })
  assert.deepEqual([failure?.name, failure?.code], [name, code], failure?.message)
}

/** One of the packages is missing, and the app can tell what to install. */
export function assertNotInstalled(asked: Asked, packages: string): void {
  assertFallback(asked, 'EngineNotInstalledError', 'not_installed')
  assert.match(asked.failure?.message ?? '', new RegExp(`npm install (${packages})`))
}

type Ask = (model: string, prompt?: string, options?: { maxTokens?: number }) => Promise<Asked>

export interface Apps extends AsyncDisposable {
  /** Models and the wire alone, for a development server to stand before. */
  readonly server: TestServer
  /** Serves directories, by URL prefix, with models and the wire. */
  serve(dirs: Record<string, string>): Promise<TestServer & AsyncDisposable>
  /**
   * Opens the page and asks a model for the reference. An uncaught error is an error, and a request for another host or
   * for the files of a model that can't run.
   */
  ask(url: string, model: string): Promise<Asked>
}

export async function startApps(): Promise<Apps> {
  const outside = await startOutside()
  const wasted: string[] = []
  const shared: ServerOptions = {
    dirs: { '/models/': files },
    routes: {
      '/api/v1/': serve(new FakeServer({ models })),
      [UNUSABLE]: ({ url = '' }, response) => {
        wasted.push(url)
        response.writeHead(404).end()
      },
    },
  }
  const harness = await startHarness({ ...shared, flags: ['--disable-gpu'] })
  return {
    server: harness.server,
    async serve(dirs) {
      const server = await startServer({ ...shared, dirs: { ...shared.dirs, ...dirs } })
      return Object.assign(server, { [Symbol.asyncDispose]: () => server.close() })
    },
    async ask(url, model) {
      await using context = await harness.browser.newContext({ proxy: outside.proxy })
      const page = await context.newPage()
      const errors: Error[] = []
      page.on('pageerror', (error) => errors.push(error))
      await page.goto(url)
      await page.waitForFunction(() => 'ask' in window)
      const asked = await page.evaluate(
        ([name, prompt, options]) => (window as unknown as { ask: Ask }).ask(name, prompt, options),
        [model, messages[0]?.content, { maxTokens }] as const,
      )
      if (errors.length > 0) throw new AggregateError(errors, 'the page has uncaught errors')
      if (outside.asked.length > 0) throw new Error(`other hosts were asked for: ${outside.asked}`)
      if (wasted.length > 0) throw new Error(`files of a model that can't run were asked for: ${wasted}`)
      return asked
    },
    async [Symbol.asyncDispose]() {
      await harness.close()
      await outside[Symbol.asyncDispose]()
    },
  }
}
