// Prints what every entry costs a page, gzip -9, beside its budget.
//
// What counts: the core with all it imports statically; lazy, what it imports dynamically: the local manager, learning
// and reports. Another entry counts with both kinds, for a page that uses an adapter gets all of it, but such a page has
// the core and the lazy part already, so what they share counts for those two alone. A worker starts from nothing, and
// beside the engine that it loads its size does not matter: it has no budget.
import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { gzipSync } from 'node:zlib'
import { entries, root } from './entries.mjs'

const KB = 1000

/** Budgets in kB of 1,000 bytes. An entry without one is printed only. */
const budgets = {
  '.': 10,
  lazy: 6,
  './policy': 4,
  './webllm': 4,
  './transformers': 5,
}

const files = new Map()

/** Sizes and imports of one built file. */
async function load(name) {
  if (!files.has(name)) {
    const content = await readFile(path.join(root, 'dist', name))
    const text = content.toString()
    const all = (pattern) => [...text.matchAll(pattern)].map((match) => match[1])
    files.set(name, {
      raw: content.length,
      gzip: gzipSync(content, { level: 9 }).length,
      statics: all(/(?:from|import)\s*"\.\/([^"]+\.js)"/g),
      dynamics: all(/import\("\.\/([^"]+\.js)"\)/g),
    })
  }
  return files.get(name)
}

/** The files that come with these ones. */
async function closure(names, into = new Set()) {
  for (const name of names) {
    if (into.has(name)) continue
    into.add(name)
    await closure((await load(name)).statics, into)
  }
  return into
}

async function dynamics(names) {
  const found = []
  for (const name of names) found.push(...(await load(name)).dynamics)
  return found
}

const core = await closure(['index.js'])
const lazy = (await closure(await dynamics(core))).difference(core)
const rows = [{ label: '.', set: core }]
if (lazy.size > 0) rows.push({ label: 'lazy', set: lazy })
for (const { subpath, output, worker } of entries.slice(1)) {
  const set = await closure([path.basename(output)])
  await closure(await dynamics(set), set)
  const alone = worker || subpath === './policy'
  rows.push({ label: subpath, set: alone ? set : set.difference(core).difference(lazy) })
}

console.log(`${'entry'.padEnd(24)}${'min'.padStart(9)}${'gzip -9'.padStart(9)}${'budget'.padStart(9)}`)
for (const { label, set } of rows) {
  let raw = 0
  let gzip = 0
  for (const name of set) {
    raw += files.get(name).raw
    gzip += files.get(name).gzip
  }
  const budget = budgets[label]
  const bad = budget !== undefined && gzip > budget * KB
  const cells = [raw, gzip].map((bytes) => (bytes / KB).toFixed(2).padStart(9)).join('')
  console.log(`${label.padEnd(24)}${cells}${String(budget ?? '').padStart(9)}${bad ? '  OVER' : ''}`)
}
console.log('kB of 1,000 bytes; what an adapter shares with the core or the lazy part counts there')
