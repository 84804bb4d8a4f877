import assert from 'node:assert/strict'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { pathToFileURL } from 'node:url'
import webpack, { type Configuration } from 'webpack'
import { makeApp } from './support/app.ts'
import type { Apps } from './support/browser.ts'
import { assertEngines, assertNotInstalled, PACKAGES, startApps } from './support/browser.ts'

describe('webpack', { timeout: 180_000 }, () => {
  let apps: Apps
  before(async () => {
    apps = await startApps()
  })
  after(() => apps[Symbol.asyncDispose]())

  test('builds the app', async () => {
    const dir = await makeApp('webpack')
    assert.deepEqual(await build(dir, 'production'), [])
    await using server = await apps.serve({ '/': join(dir, 'dist/') })
    await assertEngines(apps, `${server.origin}/index.html`)
  })

  test("names the engines' packages that are missing", async () => {
    const dir = await makeApp('webpack-without', [])
    await writeFile(join(dir, 'src/wasm.js'), "export const onnxRuntime = '/ort/'\nexport const llamaCpp = '/llama'\n")
    const problems = (await build(dir, 'development')).join('\n')
    for (const packages of Object.values(PACKAGES)) assert.match(problems, new RegExp(`Can't resolve '(${packages})`))
    // What a worker imports is an error; what the page imports when it has to is a warning, and fails then.
    await using server = await apps.serve({ '/': join(dir, 'dist/') })
    assertNotInstalled(await apps.ask(`${server.origin}/index.html`, 'wllama'), PACKAGES.wllama)
  })
})

/** Builds the app into its folder `dist`. Resolves with the errors and warnings. */
async function build(context: string, mode: 'production' | 'development'): Promise<string[]> {
  const path = join(context, 'dist')
  const { default: config } = (await import(pathToFileURL(join(context, 'webpack.config.js')).href)) as {
    default: Configuration
  }
  // Of the engines' megabytes, minifying takes ten times as long as all the rest, and tries nothing of ours.
  const optimization = { minimize: false }
  const options: Configuration = { ...config, context, mode, output: { path }, optimization }
  const problems = await new Promise<string[]>((resolve, reject) => {
    webpack(options, (error, stats) => {
      if (error) reject(error)
      else resolve(stats ? [...stats.compilation.errors, ...stats.compilation.warnings].map(String) : [])
    })
  })
  await writeFile(join(path, 'index.html'), '<!doctype html><script src="/main.js"></script>')
  return problems
}
