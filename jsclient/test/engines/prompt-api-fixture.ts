/** The engine in a fake browser, for the tests of its parts. */
import assert from 'node:assert/strict'
import type { TestContext } from 'node:test'
import type { Engine, EngineRequest, LoadedModel } from '../../src/engine/engine.ts'
import type { PromptAPIOptions } from '../../src/engines/prompt-api/index.ts'
import { promptAPI } from '../../src/engines/prompt-api/index.ts'
import type { ModelInfo } from '../../src/wire.ts'
import type { FakeBrowser, FakeOptions } from './language-model.ts'
import { createFakeBrowser, install } from './language-model.ts'
import { testModel } from './model.ts'

export const model: ModelInfo = testModel({ id: 'built-in', framework: 'prompt-api', contextWindow: 0, sizeBytes: 0 })

/** A request of these messages: user and assistant by turns. */
export function asking(...texts: string[]): EngineRequest {
  const messages = texts.map((content, index) => ({
    role: index % 2 === 0 ? ('user' as const) : ('assistant' as const),
    content,
  }))
  return { messages, maxTokens: 64 }
}

export interface Setup {
  browser: FakeBrowser
  engine: Engine
}

/** A browser with the API, until the test is over, when nothing of it may be left. */
export function setup(t: TestContext, fake: FakeOptions = {}, options: PromptAPIOptions = {}): Setup {
  const browser = createFakeBrowser(fake)
  const remove = install(browser)
  const engine = promptAPI(options)
  t.after(async () => {
    await engine.dispose()
    remove()
    assert.equal(browser.live.size, 0, 'no session is left')
  })
  return { browser, engine }
}

export async function loaded(
  t: TestContext,
  fake?: FakeOptions,
  options?: PromptAPIOptions,
): Promise<Setup & { loaded: LoadedModel }> {
  const made = setup(t, fake, options)
  return { ...made, loaded: await made.engine.load(model) }
}

/** A global for the length of a test. */
export function withGlobal(t: TestContext, name: string, value: unknown): void {
  const before = Object.getOwnPropertyDescriptor(globalThis, name)
  Object.defineProperty(globalThis, name, { value, configurable: true })
  t.after(() => {
    if (before) Object.defineProperty(globalThis, name, before)
    else Reflect.deleteProperty(globalThis, name)
  })
}

export function fault(name: string): DOMException {
  return new DOMException(`a fault: ${name}`, name)
}
