/** The same tiny model on both sides, and a worker that is really ended in mid-answer: the text is as without the fault. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { Page } from 'playwright-core'
import { useDemo } from '../browser/demo-fixture.ts'
import { openIn } from '../browser/harness.ts'

type Wish = 'continue' | 'restart' | 'fail'

/** What the page tells of one answer, in terms that can leave it. */
interface Told {
  text: string
  /** Names of the events that are no text, in their order, and the error's. */
  events: string[]
  partialText?: string
  attempts?: string[]
  completionTokens?: number
  sent?: number
}

const PROMPT = 'Write a poem about the sea.'

describe('a worker that is ended in mid-answer, in Chromium', () => {
  const run = useDemo()

  it('is no loss: gone on with, begun again, or an error with what had come', async () => {
    await using opened = await openIn(await run.harness.browser.newContext(), run.demo.origin)
    const whole = await tell(opened.page, 'continue', 0)
    assert.deepEqual([whole.events, whole.attempts], [['done'], ['browser ok']])

    const continued = await tell(opened.page, 'continue', 10)
    assert.equal(continued.text, whole.text)
    assert.deepEqual(continued.events, ['handover continues', 'done'])
    assert.deepEqual(continued.attempts, ['browser failed', 'server ok'])
    assert.equal(continued.completionTokens, whole.completionTokens)
    assert.ok((continued.sent ?? 0) > PROMPT.length, 'the prompt was sent, and what had been said')

    const restarted = await tell(opened.page, 'restart', 10)
    assert.equal(restarted.text, whole.text)
    assert.deepEqual(restarted.events, ['handover begins', 'reset', 'done'])
    assert.equal(restarted.sent, PROMPT.length)

    const failed = await tell(opened.page, 'fail', 10)
    assert.deepEqual(failed.events, ['StreamInterruptedError', 'done'])
    const { partialText = '' } = failed
    assert.ok(partialText !== '' && whole.text.startsWith(partialText) && partialText !== whole.text)
    assert.equal(failed.text, whole.text, 'and the rest was to be had')
    assert.deepEqual(opened.errors, [])
  })
})

/** Asks in the page, and ends the engine's worker at that token; 0 = never. After an error the rest is asked for. */
function tell(page: Page, handover: Wish, killAt: number): Promise<Told> {
  const ask = async ([prompt, handover, killAt]: readonly [string, Wish, number]): Promise<Told> => {
    const entry = '@edgewise/client'
    const { HybridInferenceClient } = (await import(entry)) as typeof import('../../src/index.ts')
    const { transformers } = (await import(
      `${entry}/transformers`
    )) as typeof import('../../src/engines/transformers/index.ts')
    let worker: Worker | undefined
    const engine = transformers({
      worker() {
        worker = new Worker('/client/transformers-worker-module.js', { type: 'module' })
        return worker
      },
      moduleURL: '/engine/transformers.min.js',
      wasmPaths: { mjs: '/engine/ort-wasm-simd-threaded.mjs', wasm: '/engine/ort-wasm-simd-threaded.wasm' },
      modelBaseURL: '/models',
    })
    const client = new HybridInferenceClient({ baseURL: '/api/v1', engines: [engine], storage: false })
    await client.preload()
    const told: Told = { text: '', events: [] }
    let tokens = 0
    const read = async (stream: ReturnType<typeof client.stream>): Promise<void> => {
      for await (const event of stream) {
        if (event.type === 'delta') {
          told.text += event.text
          if (++tokens === killAt) worker?.terminate()
          continue
        }
        told.events.push(
          event.type === 'handover' ? `handover ${event.continues ? 'continues' : 'begins'}` : event.type,
        )
        if (event.type === 'reset') told.text = ''
        if (event.type === 'done') {
          const { attempts, completionTokens, promptBytesSent } = event.route
          told.attempts = attempts.map(({ target, outcome }) => `${target} ${outcome}`)
          Object.assign(told, { completionTokens, sent: promptBytesSent })
        }
      }
    }
    const messages = [{ role: 'user', content: prompt }] as const
    try {
      await read(
        client.stream({ messages: [...messages], max_tokens: 48, temperature: 0, preference: 'always', handover }),
      )
    } catch (error) {
      const { name, partialText, resume } = error as import('../../src/index.ts').StreamInterruptedError
      told.events.push(name)
      told.partialText = partialText
      client.setMode('never')
      if (resume) await read(resume())
    }
    await client.dispose()
    return told
  }
  return page.evaluate(ask, [PROMPT, handover, killAt] as const)
}
