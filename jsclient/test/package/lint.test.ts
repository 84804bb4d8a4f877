/** What is published, as the tools see it that know what goes wrong with packages. */
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { after, before, describe, test } from 'node:test'
import { promisify } from 'node:util'
import { pack } from './pack.ts'

const bin = path.resolve(import.meta.dirname, '../../node_modules/.bin')

describe('the tarball', () => {
  let folder: string
  let tarball: string
  before(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'edgewise-'))
    tarball = await pack(folder)
  })
  after(() => rm(folder, { recursive: true }))

  /** Fails with what the tool says. */
  const passes = async (tool: string, ...args: string[]): Promise<void> => {
    const run = promisify(execFile)(path.join(bin, tool), args)
    await run.catch(({ stdout, stderr }) => assert.fail(`${stdout}${stderr}`))
  }

  test('has nothing that publint minds', () => passes('publint', 'run', tarball, '--strict'))

  // Without the column of CommonJS, which gets ES modules by import() alone, and that of Node 10, which knows no exports.
  test('has nothing that arethetypeswrong minds', () => passes('attw', tarball, '--profile', 'esm-only'))
})
