import { execFile } from 'node:child_process'
import path from 'node:path'
import { promisify } from 'node:util'

const root = path.resolve(import.meta.dirname, '../..')

/** Puts the tarball that would be published into a folder, of what is built now. Resolves with its path. */
export async function pack(folder: string): Promise<string> {
  // Without the script that builds it anew, under the tests that run beside this one.
  const args = ['pack', '--ignore-scripts', '--json', '--pack-destination', folder]
  const { stdout } = await promisify(execFile)('npm', args, { cwd: root })
  const [{ filename }] = JSON.parse(stdout) as [{ filename: string }]
  return path.join(folder, filename)
}
