// The entries of the package, as its `exports` list them: the one place where a sub-path is declared.
import { readFile } from 'node:fs/promises'
import path from 'node:path'

export const root = path.resolve(import.meta.dirname, '..')

export const manifest = JSON.parse(await readFile(path.join(root, 'package.json'), 'utf8'))

/** @type {{ subpath: string, name: string, output: string, source: string, worker: boolean }[]} */
export const entries = Object.entries(manifest.exports)
  .filter(([, target]) => typeof target === 'object')
  .map(([subpath, { types, default: output }]) => ({
    subpath,
    name: path.basename(output, '.js'),
    output: path.normalize(output),
    source: path.normalize(types.replace('./dist/types/', 'src/').replace(/\.d\.ts$/, '.ts')),
    worker: manifest.sideEffects.includes(output),
  }))
