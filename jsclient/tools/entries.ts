// The entries of the package, as its `exports` list them: the one place where a sub-path is declared.
import { readFile } from 'node:fs/promises'
import path from 'node:path'

export const root: string = path.resolve(import.meta.dirname, '..')

export interface Manifest {
  exports: Record<string, string | { types: string; default: string }>
  sideEffects: string[]
  peerDependencies: Record<string, string>
}

export const manifest: Manifest = JSON.parse(await readFile(path.join(root, 'package.json'), 'utf8'))

export interface Entry {
  /** As an app imports it, such as "./policy". */
  subpath: string
  /** Such as "policy". */
  name: string
  /** The built file, such as "dist/policy.js". */
  output: string
  source: string
  worker: boolean
}

export const entries: Entry[] = Object.entries(manifest.exports).flatMap(([subpath, target]) => {
  if (typeof target !== 'object') return []
  const { types, default: output } = target
  return {
    subpath,
    name: path.basename(output, '.js'),
    output: path.normalize(output),
    source: path.normalize(types.replace('./dist/types/', 'src/').replace(/\.d\.ts$/, '.ts')),
    worker: manifest.sideEffects.includes(output),
  }
})
