/** Pages of plain http, of another host than localhost: no WebGPU, no storage, and so no engine; the server answers. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { useDemo } from '../browser/demo-fixture.ts'
import { openDemo } from '../browser/demo-page.ts'

const HOST = 'insecure.test'

describe('on an insecure origin', () => {
  const run = useDemo({
    flags: [`--host-resolver-rules=MAP ${HOST} 127.0.0.1`],
    bundles: { '/page.js': fileURLToPath(new URL('pages/insecure-page.ts', import.meta.url)) },
  })

  test('every engine says so, and loads nothing', async () => {
    const context = await run.harness.browser.newContext()
    const page = await context.newPage()
    const origin = run.harness.server.origin.replace('127.0.0.1', HOST)
    await page.goto(origin)
    assert.equal(await page.evaluate(() => isSecureContext), false)
    const said = await page.evaluate(async (url) => (await import(url)).askAll(), `${origin}/page.js`)
    const both = ['insecure_context', 'insecure_context']
    assert.deepEqual(said, { webllm: both, 'transformers.js': both, wllama: both, onnx: both, 'prompt-api': both })
    assert.deepEqual(run.harness.server.requests, ['/', '/page.js'])
    await context.close()
  })

  test('the server answers by decision, with a reason', async () => {
    const origin = run.demo.origin.replace('localhost', HOST)
    await using opened = await openDemo(run.harness.browser, { origin })
    const { state, target, reason, text } = await opened.ask('generate', 'What is the capital of France?')
    assert.deepEqual([state, target, text], ['done', 'server', 'The capital of France is Paris.'])
    assert.equal(reason, 'no_compatible_browser_model')
    assert.equal((await opened.attempts()).length, 1)
  })
})
