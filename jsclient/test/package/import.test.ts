import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { describe, test } from 'node:test'
import { pathToFileURL } from 'node:url'
import { promisify } from 'node:util'

const root = path.resolve(import.meta.dirname, '../..')
const manifest: { exports: Record<string, { default: string }>; sideEffects: string[] } = JSON.parse(
  await readFile(path.join(root, 'package.json'), 'utf8'),
)

/** What importing a built file touches, in a process of its own. */
async function touchedBy(output: string): Promise<string[]> {
  const file = pathToFileURL(path.join(root, output)).href
  const kind = manifest.sideEffects.includes(output) ? 'worker' : 'page'
  const probe = path.join(import.meta.dirname, 'import-probe.mjs')
  const { stdout } = await promisify(execFile)(process.execPath, [probe, file, kind])
  return JSON.parse(stdout)
}

describe('importing in bare Node touches nothing', () => {
  for (const [subpath, target] of Object.entries(manifest.exports)) {
    if (typeof target !== 'object') continue
    test(subpath, async () => assert.deepEqual(await touchedBy(target.default), []))
  }

  test('and this test would see it', async () => {
    assert.deepEqual(await touchedBy('test/package/touches.mjs'), ['navigator', 'localStorage', 'new global leaked'])
  })
})
