// Bundles every entry of the package into dist/*.js: ESM, minified, peers left out, code that entries share in chunks.
// The output is committed, because Go embeds it, so it must be the same on every machine: chunks are named after the
// largest source file in them instead of a hash, and nothing that depends on time or place gets in.
import { mkdir, readdir, rm, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { build } from 'esbuild'
import { entries, manifest, root } from './entries.mjs'

const { outputFiles, metafile } = await build({
  absWorkingDir: root,
  entryPoints: entries.map(({ name, source }) => ({ out: name, in: source })),
  outdir: 'dist',
  bundle: true,
  splitting: true,
  chunkNames: 'chunk.[hash]',
  format: 'esm',
  target: 'es2022',
  platform: 'browser',
  external: Object.keys(manifest.peerDependencies),
  minify: true,
  charset: 'utf8',
  legalComments: 'none',
  metafile: true,
  write: false,
  logLevel: 'warning',
})

const names = new Map()
for (const [output, { entryPoint, inputs }] of Object.entries(metafile.outputs)) {
  const old = path.basename(output)
  if (!old.startsWith('chunk.')) continue
  const [largest] = Object.entries(inputs).sort(
    ([a, x], [b, y]) => y.bytesInOutput - x.bytesInOutput || (a < b ? -1 : 1),
  )
  const source = entryPoint ?? largest[0]
  names.set(old, `chunk-${path.relative('src', source).replace(/\.ts$/, '').replaceAll(path.sep, '-')}.js`)
}

const dist = path.join(root, 'dist')
await mkdir(dist, { recursive: true })
const written = new Set()
for (const { path: file, text } of outputFiles) {
  const old = path.basename(file)
  const name = names.get(old) ?? old
  written.add(name)
  const content = text.replace(/chunk\.[A-Z0-9]{8}\.js/g, (reference) => names.get(reference) ?? reference)
  await writeFile(path.join(dist, name), content)
}

// What earlier builds left behind. The declarations are tsc's to write anew.
for (const entry of await readdir(dist)) {
  if (!written.has(entry)) await rm(path.join(dist, entry), { recursive: true })
}
