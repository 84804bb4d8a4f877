/** Next: the package on the server, where a page is rendered, and an engine in the browser. */
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { promisify } from 'node:util'
import { makeApp, PEERS } from './support/app.ts'
import type { Apps } from './support/browser.ts'
import { assertEngines, startApps } from './support/browser.ts'

describe('Next', { timeout: 180_000 }, () => {
  let apps: Apps
  let out: string
  before(async () => {
    apps = await startApps()
    const dir = await makeApp('next', [...PEERS, 'next', 'react', 'react-dom'])
    const next = join(dir, 'node_modules/next/dist/bin/next')
    const env = { ...process.env, NEXT_TELEMETRY_DISABLED: '1' }
    await promisify(execFile)(process.execPath, [next, 'build', join(dir, 'next')], { env })
    out = join(dir, 'next/out/')
  })
  after(() => apps[Symbol.asyncDispose]())

  test('renders a page that imports every engine', async () => {
    const html = await readFile(join(out, 'index.html'), 'utf8')
    const text = html.replaceAll(/<!--.*?-->/g, '')
    assert.match(text, /On the server: idle, 2 digits, onnx prompt-api transformers.js webllm wllama/)
  })

  test('runs every engine in the browser', async () => {
    await using server = await apps.serve({ '/': out })
    await assertEngines(apps, `${server.origin}/index.html`)
  })
})
