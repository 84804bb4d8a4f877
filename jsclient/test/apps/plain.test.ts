/** No bundler: modules by an import map, workers and the engines' packages by their URLs. */
import assert from 'node:assert/strict'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { makeApp } from './support/app.ts'
import type { Apps } from './support/browser.ts'
import { assertEngines, assertFallback, assertNotInstalled, PACKAGES, startApps } from './support/browser.ts'

describe('a page without a bundler', { timeout: 120_000 }, () => {
  let apps: Apps
  before(async () => {
    apps = await startApps()
  })
  after(() => apps[Symbol.asyncDispose]())

  test('runs every engine', async () => {
    await using server = await apps.serve({ '/': join(await makeApp('plain'), '/') })
    await assertEngines(apps, `${server.origin}/plain.html`)
  })

  test("without the engines' packages says what to install and falls back", async () => {
    await using server = await apps.serve({ '/': join(await makeApp('plain-without', []), '/') })
    const url = `${server.origin}/plain.html`
    // It looks for the GPU before it imports six megabytes.
    const { webllm: _, ...needed } = PACKAGES
    assertFallback(await apps.ask(url, 'webllm'), 'ModelLoadError', 'no_webgpu')
    for (const [engine, packages] of Object.entries(needed)) assertNotInstalled(await apps.ask(url, engine), packages)
  })

  test('that asked another host would be noticed', async () => {
    const dir = await makeApp('plain-elsewhere', [])
    await writeFile(join(dir, 'src/plain.js'), "globalThis.ask = () => fetch('https://elsewhere.test/').catch(String)")
    await using server = await apps.serve({ '/': join(dir, '/') })
    await assert.rejects(
      apps.ask(`${server.origin}/plain.html`, 'onnx'),
      /other hosts were asked for: elsewhere.test:443/,
    )
  })
})
