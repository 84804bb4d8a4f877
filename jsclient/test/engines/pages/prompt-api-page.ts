/** Runs in Chromium: the Prompt API's adapter on the browser's own API, on a fake of it, and in a worker. */
import { promptAPI } from '../../../src/engines/prompt-api/index.ts'
import { isEngineError } from '../../../src/errors/engine-error.ts'
import type { Collected } from '../../../src/testing/conformance.ts'
import { collect } from '../../../src/testing/conformance.ts'
import { createFakeBrowser, install } from '../language-model.ts'
import { testModel } from '../model.ts'

const model = testModel({ id: 'built-in', framework: 'prompt-api', contextWindow: 0, sizeBytes: 0 })

export interface Sight {
  has: boolean
  availability: string
  obstacle: string | undefined
  status: string
  code: string
}

/** What the adapter sees of the browser itself. */
export async function look(): Promise<Sight> {
  const engine = promptAPI({ languages: ['en'] })
  const has = 'LanguageModel' in globalThis
  const error = await engine.load(model).then(
    () => 'loaded',
    (error) => (isEngineError(error) && error.stage === 'load' ? error.code : String(error)),
  )
  return {
    has,
    availability: has ? await LanguageModel.availability() : 'none',
    obstacle: await engine.obstacle?.(),
    status: await engine.status(model),
    code: error,
  }
}

/** Members of dictionaries that the browser looks at: it ignores those that it doesn't know. */
export async function reads(): Promise<string[]> {
  const seen: string[] = []
  const spy = <T extends object>(value: T): T =>
    new Proxy(value, {
      get(target, member) {
        seen.push(String(member))
        return Reflect.get(target, member)
      },
    })
  const last: LanguageModelAssistantMessage = spy({ role: 'assistant', content: 'so', prefix: true })
  await LanguageModel.create(spy({ initialPrompts: [last] })).catch(() => {})
  return seen
}

/** An answer of the fake, by this browser's streams, signals and exceptions. */
export async function answer(): Promise<{ collected: Collected; aborted: boolean; left: number }> {
  const browser = createFakeBrowser()
  const remove = install(browser)
  const engine = promptAPI()
  const loaded = await engine.load(model)
  const request = { messages: [{ role: 'user' as const, content: 'count' }], maxTokens: 64 }
  const collected = await collect(loaded, request)
  const controller = new AbortController()
  const error = await (async () => {
    for await (const _ of loaded.generate(request, { signal: controller.signal })) controller.abort()
  })().catch((reason) => reason)
  await engine.dispose()
  remove()
  return { collected, aborted: error === controller.signal.reason, left: browser.live.size }
}

/** What hinders it in a worker. */
export function inWorker(): Promise<string> {
  const worker = new Worker('/worker.js', { type: 'module' })
  return new Promise((resolve) => worker.addEventListener('message', ({ data }) => resolve(data)))
}
