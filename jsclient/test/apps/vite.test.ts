/** Vite, as apps are built with it and as they are developed with it. */
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import * as vite7 from 'vite7'
import * as vite8 from 'vite8'
import { makeApp } from './support/app.ts'
import type { Apps } from './support/browser.ts'
import { assertEngines, assertNotInstalled, PACKAGES, startApps } from './support/browser.ts'

for (const vite of [vite7 as unknown as typeof vite8, vite8]) {
  const major = Number.parseInt(vite.version, 10)
  const build = (root: string) => vite.build({ root, logLevel: 'error', build: { reportCompressedSize: false } })

  describe(`Vite ${major}`, { timeout: 180_000 }, () => {
    let apps: Apps
    let root: string
    before(async () => {
      apps = await startApps()
      root = await makeApp(`vite${major}`)
    })
    after(() => apps[Symbol.asyncDispose]())

    test('builds the app', async () => {
      await build(root)
      await using server = await apps.serve({ '/': join(root, 'dist/') })
      await assertEngines(apps, `${server.origin}/index.html`)
    })

    test('serves it while it is developed', async () => {
      const { origin } = apps.server
      const proxy = { '/api': origin, '/models': origin }
      const server = await vite.createServer({ root, logLevel: 'error', server: { host: '127.0.0.1', proxy } })
      try {
        await server.listen()
        const [url = ''] = server.resolvedUrls?.local ?? []
        await assertEngines(apps, url)
      } finally {
        await server.close()
      }
    })

    test("builds an app without the engines' packages, which says what to install and falls back", async () => {
      const root = await makeApp(`vite${major}-without`, [])
      await writeFile(
        join(root, 'src/wasm.js'),
        "export const onnxRuntime = '/ort/'\nexport const llamaCpp = '/llama'\n",
      )
      await build(root)
      await using server = await apps.serve({ '/': join(root, 'dist/') })
      // It looks for the GPU before it loads anything.
      const { webllm: _, ...needed } = PACKAGES
      for (const [engine, packages] of Object.entries(needed)) {
        assertNotInstalled(await apps.ask(`${server.origin}/index.html`, engine), packages)
      }
    })
  })
}
