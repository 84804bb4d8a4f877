/** Runs in Chromium: WebLLM with a model of the app's own; real files, and an answer from a script. */
import { webllm } from '../../../src/engines/webllm/index.ts'
import { isEngineError } from '../../../src/errors/engine-error.ts'
import { collect } from '../../../src/testing/conformance.ts'
import { testModel } from '../../../src/testing/model.ts'
import type { ModelInfo } from '../../../src/wire.ts'
import type { Casting } from '../../engines/pages/webllm-scripted-worker.ts'

const casting: Casting = { part: 'pipeline', script: { tokens: ['Hello!'] } }

/** Resolves with what the model says, or with how its load failed. */
export async function say(given: Pick<ModelInfo, 'source' | 'sha256'>): Promise<string> {
  const url = `/worker.js?${encodeURIComponent(JSON.stringify(casting))}`
  const engine = webllm({ worker: () => new Worker(url, { type: 'module' }) })
  try {
    const loaded = await engine.load(testModel({ id: 'tiny', framework: engine.name, ...given }))
    const { text } = await collect(loaded, { messages: [{ role: 'user', content: 'Hello!' }], maxTokens: 4 })
    return text
  } catch (error) {
    if (!isEngineError(error)) throw error
    return error.code
  } finally {
    await engine.dispose()
  }
}
