import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { readdir, readFile } from 'node:fs/promises'
import path from 'node:path'
import { describe, test } from 'node:test'

const root = path.resolve(import.meta.dirname, '../..')

interface Manifest {
  exports: Record<string, string | { types: string; default: string }>
  sideEffects: string[]
  files: string[]
  dependencies?: unknown
  peerDependencies: Record<string, string>
  peerDependenciesMeta: Record<string, { optional?: boolean }>
  devDependencies: Record<string, string>
}

const manifest: Manifest = JSON.parse(await readFile(path.join(root, 'package.json'), 'utf8'))
const targets = Object.values(manifest.exports).filter((target) => typeof target === 'object')
const built = (await readdir(path.join(root, 'dist')).catch(() => [])).filter((name) => name.endsWith('.js'))

describe('package.json', () => {
  test('every export is built (if not: npm run build)', () => {
    for (const { default: output, types } of targets) {
      assert.ok(existsSync(path.join(root, output)), output)
      const source = types.replace('./dist/types/', 'src/').replace(/\.d\.ts$/, '.ts')
      assert.ok(existsSync(path.join(root, source)), `${types} has no source ${source}`)
    }
  })

  test('every built file is an export or a chunk that one of them needs', async () => {
    const reached = new Set<string>()
    const visit = async (name: string): Promise<void> => {
      if (reached.has(name)) return
      reached.add(name)
      const text = await readFile(path.join(root, 'dist', name), 'utf8')
      for (const [, next = ''] of text.matchAll(/(?:from|import)\s*\(?"\.\/([^"]+)"/g)) await visit(next)
    }
    for (const { default: output } of targets) await visit(path.basename(output))
    assert.deepEqual([...reached].sort(), built.sort())
  })

  test('worker entries, and no others, have side effects', () => {
    const workers = Object.entries(manifest.exports)
      .filter(([subpath]) => /\/worker(-module)?$/.test(subpath))
      .map(([, target]) => (typeof target === 'object' ? target.default : target))
    assert.deepEqual(manifest.sideEffects, workers)
  })

  test('nothing is installed that the app did not ask for', () => {
    assert.equal(manifest.dependencies, undefined)
    for (const peer of Object.keys(manifest.peerDependencies)) {
      assert.equal(manifest.peerDependenciesMeta[peer]?.optional, true, `${peer} must be optional`)
      assert.ok(manifest.devDependencies[peer], `${peer} is not tested against`)
    }
  })

  test('the bundles import nothing but each other and the peers', async () => {
    for (const name of built) {
      const text = await readFile(path.join(root, 'dist', name), 'utf8')
      for (const [, specifier = ''] of text.matchAll(/\b(?:from|import)\s*\(?"([\w@./-]+)"/g)) {
        const known =
          specifier.startsWith('./') || Object.keys(manifest.peerDependencies).some((peer) => isOf(peer, specifier))
        assert.ok(known, `${name} imports ${specifier}`)
      }
      assert.doesNotMatch(text, /sourceMappingURL/, name)
    }
  })

  for (const lockfile of ['package-lock.json', 'test/apps/package-lock.json']) {
    test(`${lockfile} names no registry, and all that it needs on any machine`, async () => {
      const { packages } = JSON.parse(await readFile(path.join(root, lockfile), 'utf8')) as Lockfile
      for (const [name, { resolved, version }] of Object.entries(packages)) {
        if (resolved !== undefined) assert.equal(resolved, 'tools/absent-module', name)
        else if (name.startsWith('node_modules/')) assert.ok(version, `${name} was not to be had when this was written`)
      }
    })
  }
})

interface Lockfile {
  packages: Record<string, { version?: string; resolved?: string }>
}

/** Whether a module is a package, or lies in it. */
function isOf(packageName: string, specifier: string): boolean {
  return specifier === packageName || specifier.startsWith(`${packageName}/`)
}
