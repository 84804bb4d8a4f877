/** An app as a user has it: its sources, and in its `node_modules` our package as it is published. */
import { execFile } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { cp, link, mkdir, readdir, rm } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { promisify } from 'node:util'
import { pack } from '../../package/pack.ts'

const apps = resolve(import.meta.dirname, '..')
const client = resolve(apps, '../..')

interface Manifest {
  dependencies?: Record<string, string>
  optionalDependencies?: Record<string, string>
  peerDependencies?: Record<string, string>
}

const manifest = (dir: string): Manifest => JSON.parse(readFileSync(join(dir, 'package.json'), 'utf8'))

/** The engines' packages. */
export const PEERS = Object.keys(manifest(client).peerDependencies ?? {})

/**
 * Makes the app anew from its sources, with the packages and all that they depend on; apart from any other `node_modules`,
 * so that it finds nothing else. Resolves with its directory.
 */
export async function makeApp(
  name: string,
  packages: readonly string[] = PEERS,
  sources: string = join(apps, 'app'),
): Promise<string> {
  const dir = resolve(client, '../.cache/apps', name)
  const modules = join(dir, 'node_modules')
  await rm(dir, { recursive: true, force: true })
  await cp(sources, dir, { recursive: true })
  await unpack(join(modules, '@edgewise/client'))
  for (const [name, from] of withDependencies(packages)) await hardLink(from, join(modules, name))
  return dir
}

async function unpack(to: string): Promise<void> {
  await mkdir(to, { recursive: true })
  const tarball = await pack(to)
  await promisify(execFile)('tar', ['xzf', tarball, '--strip-components=1'], { cwd: to })
  await rm(tarball)
}

/** Where the packages are installed. */
function withDependencies(packages: readonly string[]): Map<string, string> {
  const found = new Map<string, string>()
  const visit = (name: string) => {
    const dir = [apps, client].map((at) => join(at, 'node_modules', name)).find(existsSync)
    if (!dir || found.has(name)) return // those for other machines are not installed
    found.set(name, dir)
    const { dependencies, optionalDependencies } = manifest(dir)
    Object.keys({ ...dependencies, ...optionalDependencies }).forEach(visit)
  }
  packages.forEach(visit)
  return found
}

/** As package managers install from their store. A symbolic link would lead bundlers out of the app. */
async function hardLink(from: string, to: string): Promise<void> {
  await mkdir(to, { recursive: true })
  for (const entry of await readdir(from, { withFileTypes: true })) {
    const [source, target] = [join(from, entry.name), join(to, entry.name)]
    if (entry.isDirectory()) await hardLink(source, target)
    else await link(source, target)
  }
}
