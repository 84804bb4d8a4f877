// What every entry costs a page, gzip -9, and what it may cost.
//
// What counts: the core with all it imports statically; lazy, what it imports dynamically: the local manager, learning
// and reports; adapters, what more than one of them imports: the connection to a worker, mostly. An adapter counts with
// both kinds of imports, for a page that uses it gets all of them, but without what counts there already. A worker starts
// from nothing, and beside the engine that it loads its size does not matter; nor does it in tests: neither has a budget.
import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { gzipSync } from 'node:zlib'
import { entries, root } from './entries.ts'

/** In kB of 1,000 bytes. */
export interface Bound {
  /** The design's. */
  budget: number
  /** The budget where it is kept; elsewhere what the entry weighed last, rounded up. May only fall. */
  ceiling: number
}

export const boundsFile: string = path.join(root, 'tools/sizes.json')

export const bounds: Record<string, Bound> = JSON.parse(await readFile(boundsFile, 'utf8'))

/** In bytes. */
export interface Size {
  /** Its sub-path, "lazy" or "adapters". */
  entry: string
  /** Minified. */
  raw: number
  gzip: number
}

export async function measure(): Promise<Size[]> {
  const core = await closure(['index.js'])
  const lazy = (await closure(await dynamics(core))).difference(core)
  const page = new Map<string, Set<string>>()
  const alone = new Map<string, Set<string>>()
  for (const { subpath, output, worker } of entries) {
    if (subpath === '.') continue
    const set = await closure([path.basename(output)])
    await closure(await dynamics(set), set)
    const beside = set.difference(core).difference(lazy)
    if (worker || subpath === './policy') alone.set(subpath, set)
    else if (subpath === './testing') alone.set(subpath, beside)
    else page.set(subpath, beside)
  }
  const shared = new Set<string>()
  for (const [one, set] of page) {
    for (const [other, names] of page) if (one < other) for (const name of set.intersection(names)) shared.add(name)
  }
  const own = [...page].map(([subpath, set]) => [subpath, set.difference(shared)] as const)
  const sets = [['.', core] as const, ['lazy', lazy] as const, ['adapters', shared] as const, ...own, ...alone]
  const sum = async (entry: string, names: ReadonlySet<string>): Promise<Size> => {
    const size = { entry, raw: 0, gzip: 0 }
    for (const name of names) {
      const { raw, gzip } = await load(name)
      size.raw += raw
      size.gzip += gzip
    }
    return size
  }
  return Promise.all(sets.map(([entry, names]) => sum(entry, names)))
}

interface Built {
  raw: number
  gzip: number
  /** Files that it imports. */
  statics: string[]
  dynamics: string[]
}

const files = new Map<string, Built>()

async function load(name: string): Promise<Built> {
  const known = files.get(name)
  if (known) return known
  const content = await readFile(path.join(root, 'dist', name))
  const text = content.toString()
  const all = (pattern: RegExp) => [...text.matchAll(pattern)].map(([, file = '']) => file)
  const built = {
    raw: content.length,
    gzip: gzipSync(content, { level: 9 }).length,
    statics: all(/(?:from|import)\s*"\.\/([^"]+\.js)"/g),
    dynamics: all(/import\("\.\/([^"]+\.js)"\)/g),
  }
  files.set(name, built)
  return built
}

/** The files that come with these ones. */
async function closure(names: Iterable<string>, into = new Set<string>()): Promise<Set<string>> {
  for (const name of names) {
    if (into.has(name)) continue
    into.add(name)
    await closure((await load(name)).statics, into)
  }
  return into
}

async function dynamics(names: Iterable<string>): Promise<string[]> {
  const found: string[] = []
  for (const name of names) found.push(...(await load(name)).dynamics)
  return found
}
