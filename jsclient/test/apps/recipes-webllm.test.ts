/** RECIPES.md: WebLLM with files on hosts of the app's own, served as its Go code serves them. */
import assert from 'node:assert/strict'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { type Harness, startHarness } from '../browser/harness.ts'
import { startServer } from '../browser/server.ts'
import { writeModel } from '../engines/webllm-files.ts'

const at = (path: string) => resolve(import.meta.dirname, path)
const RECIPE = at('../../../registry/example_selfhosted_test.go')

describe('a WebLLM model on hosts of the app', { timeout: 60_000 }, () => {
  let harness: Harness
  let mlc: string
  let sha256: Record<string, string>
  let headers: Record<string, string>
  before(async () => {
    harness = await startHarness({
      flags: ['--enable-unsafe-webgpu'],
      bundles: {
        '/page.js': at('pages/self-hosted.ts'),
        '/worker.js': at('../engines/pages/webllm-scripted-worker.ts'),
      },
    })
    mlc = await mkdtemp(join(tmpdir(), 'edgewise-recipes-'))
    sha256 = await writeModel(mlc)
    const set = (await readFile(RECIPE, 'utf8')).matchAll(/Header\(\)\.Set\("(.+?)", "(.+?)"\)/g)
    headers = Object.fromEntries([...set].map(([, name = '', value = '']) => [name, value]))
  })
  after(async () => {
    await harness.close()
    await rm(mlc, { recursive: true })
  })

  /** What the page says of the model on another origin, and which files it asked that for. */
  async function say(given: { headers?: Record<string, string>; sha256?: Record<string, string> }) {
    const hosts = await startServer({ headers, ...given, dirs: { '/models/': `${mlc}/` } })
    try {
      await using opened = await harness.open()
      const modelURL = `${hosts.origin}/models/tiny/`
      const source = { modelURL, modelLib: `${modelURL}lib.wasm` }
      const model = { source, sha256: given.sha256 ?? sha256 }
      const said = await opened.call<string>('/page.js', 'say', model)
      const again = hosts.requests.length
      const twice = await opened.call<string>('/page.js', 'say', model)
      const paths = hosts.requests.map((path) => path.replace('/models/tiny/', ''))
      return { said, twice, files: paths.slice(0, again).sort(), later: paths.slice(again) }
    } finally {
      await hosts.close()
    }
  }

  test('is loaded from exactly the files that the recipe lists, and then from the store', async () => {
    const { said, twice, files, later } = await say({})
    assert.deepEqual([said, twice, later], ['Hello!', 'Hello!', []])
    const main = [
      'mlc-chat-config.json',
      'params_shard_0.bin',
      'params_shard_1.bin',
      'tensor-cache.json',
      'tokenizer.json',
    ]
    assert.deepEqual(files, ['lib.wasm', ...main.map((name) => `resolve/main/${name}`)])
  })

  test('needs the header for other origins', async () => {
    const { 'Access-Control-Allow-Origin': _, ...rest } = headers
    assert.equal((await say({ headers: rest })).said, 'download_failed')
  })

  test('is not taken when a file has another checksum', async () => {
    assert.equal((await say({ sha256: { ...sha256, 'lib.wasm': '0'.repeat(64) } })).said, 'invalid_files')
  })
})
