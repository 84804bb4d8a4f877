// Bundles every entry of the package into dist/*.js: ESM, minified, peers left out, code that entries share in chunks.
// The output is committed, because Go embeds it, so it must be the same on every machine: chunks are named after the
// largest source file in them instead of a hash, and nothing that depends on time or place gets in.
import { mkdir, readdir, rm, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { build } from 'esbuild'
import { entries, manifest, root } from './entries.ts'

/**
 * Entries that share chunks. `/policy` is for pages and servers that want it alone, `/testing` for tests, and workers
 * start from nothing, so none of them shares any with the page: every chunk costs a page a request, and bytes that would
 * compress better together.
 */
const apart = { './policy': 'policy', './testing': 'testing' }
const groups = new Map()
for (const entry of entries) {
  const group = entry.worker ? 'worker' : (apart[entry.subpath] ?? 'page')
  groups.set(group, [...(groups.get(group) ?? []), entry])
}

/** The errors that fakes throw are those of the core, so that an app's `instanceof` holds in its tests too. */
const errorsOfTheCore = {
  name: 'errors-of-the-core',
  setup: ({ onResolve }) =>
    onResolve({ filter: /\/errors\/[\w-]+-error\.ts$/ }, () => ({ path: './index.js', external: true })),
}

const written = new Map()
for (const [group, members] of groups) {
  const { outputFiles, metafile } = await build({
    absWorkingDir: root,
    entryPoints: members.map(({ name, source }) => ({ out: name, in: source })),
    outdir: 'dist',
    bundle: true,
    splitting: true,
    chunkNames: 'chunk.[hash]',
    format: 'esm',
    target: 'es2022',
    platform: 'browser',
    external: Object.keys(manifest.peerDependencies), // with all their sub-paths
    plugins: group === 'testing' ? [errorsOfTheCore] : [],
    minify: true,
    charset: 'utf8',
    legalComments: 'none',
    metafile: true,
    write: false,
    logLevel: 'warning',
  })
  const names = chunkNames(metafile, group === 'page' ? 'chunk' : `chunk-${group}`)
  for (const { path: file, text } of outputFiles) {
    const old = path.basename(file)
    const content = text
      .replace(/chunk\.[A-Z0-9]{8}\.js/g, (reference) => names.get(reference) ?? reference)
      // Minifying takes away the comments that tell bundlers to leave such an import to the page.
      .replace(/\bimport\(([\w$]+)\)/g, 'import(/*webpackIgnore:true*//*@vite-ignore*/$1)')
    written.set(names.get(old) ?? old, content)
  }
}

/** Names of chunks, by their hashed ones. */
function chunkNames({ outputs }, prefix) {
  const names = new Map()
  for (const [output, { entryPoint, inputs }] of Object.entries(outputs)) {
    const old = path.basename(output)
    if (!old.startsWith('chunk.')) continue
    const [largest] = Object.entries(inputs).sort(
      ([a, x], [b, y]) => y.bytesInOutput - x.bytesInOutput || (a < b ? -1 : 1),
    )
    const source = path.relative('src', entryPoint ?? largest[0]).replace(/\.ts$/, '')
    names.set(old, `${prefix}-${source.replaceAll(path.sep, '-')}.js`)
  }
  return names
}

const dist = path.join(root, 'dist')
await mkdir(dist, { recursive: true })
for (const [name, content] of written) await writeFile(path.join(dist, name), content)

// What earlier builds left behind. The declarations are tsc's to write anew.
for (const entry of await readdir(dist)) {
  if (!written.has(entry)) await rm(path.join(dist, entry), { recursive: true })
}
