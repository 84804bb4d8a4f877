/** The adapter under the strictest Content-Security-Policy that it can do with, and in a cross-origin isolated page. */
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import type { Harness } from '../browser/harness.ts'
import type { Answered, Outcome } from './pages/transformers-page.ts'
import { reference } from './reference.ts'
import { PAGE, startTransformersHarness } from './transformers-harness.ts'

const SCRIPTS = ["'self'", "'wasm-unsafe-eval'"]

function policy(scripts: readonly string[], connections = "'self'"): string {
  return `default-src 'none'; script-src ${scripts.join(' ')}; connect-src ${connections}`
}

describe('transformers', () => {
  /** Sent with every answer, from the next one on. */
  const headers: Record<string, string> = {}
  let harness: Harness
  before(async () => {
    harness = await startTransformersHarness({ headers })
  })
  after(() => harness.close())

  const attempt = async (csp: string, ...options: unknown[]) => {
    headers['content-security-policy'] = csp
    await using opened = await harness.open()
    await opened.call(PAGE, 'make', ...options)
    return await opened.call<Outcome>(PAGE, 'attempt')
  }

  for (const way of ['plain', 'url']) {
    for (const wasmCache of [false, true]) {
      const scripts = wasmCache ? [...SCRIPTS, 'blob:'] : SCRIPTS
      test(`runs under the policy "${policy(scripts)}" (${way}, wasmCache ${wasmCache})`, async () => {
        const { name, message } = await attempt(policy(scripts), way, { wasmCache })
        assert.equal(name, 'none', message)
      })

      test(`says what a stricter one lacks (${way}, wasmCache ${wasmCache})`, async () => {
        for (const one of scripts.slice(1)) {
          const rest = scripts.filter((other) => other !== one)
          const { code, message } = await attempt(policy(rest), way, { wasmCache })
          assert.ok(code && message.includes(one), `without ${one}: ${message}`)
        }
        const { code, message } = await attempt(policy(scripts, "'none'"), way, { wasmCache })
        assert.equal(code, 'download_failed', message)
      })
    }
  }

  for (const wasmCache of [false, true]) {
    test(`gives the same answer with two threads (wasmCache ${wasmCache})`, async () => {
      headers['content-security-policy'] = policy(wasmCache ? [...SCRIPTS, 'blob:'] : SCRIPTS)
      headers['cross-origin-opener-policy'] = 'same-origin'
      headers['cross-origin-embedder-policy'] = 'require-corp'
      await using opened = await harness.open()
      assert.equal(await opened.page.evaluate(() => crossOriginIsolated), true)
      await opened.call(PAGE, 'make', 'plain', { numThreads: 2, wasmCache })
      await opened.call(PAGE, 'load')
      for (const id of ['story-fox', 'name-late']) {
        const { messages, maxTokens, text } = reference(id)
        const got = await opened.call<Answered>(PAGE, 'answer', messages, maxTokens)
        assert.equal(got.text, text, id)
      }
      // One thread in the engine's worker, the other in a worker within it.
      assert.equal(opened.page.workers().length, 2)
    })
  }
})
