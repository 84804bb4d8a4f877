/**
 * The Content-Security-Policies that ENGINES.md publishes: with each, its engine loads and answers; without any one of
 * its sources, beyond 'self', it fails by a typed error, so that none is asked of anybody in vain.
 */
import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { after, before, describe, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import type { Harness } from '../browser/harness.ts'
import { startHarness } from '../browser/harness.ts'
import { startServer } from '../browser/server.ts'
import { type EngineFiles, makeEngineFiles } from './engine-files.ts'
import type { Spoken } from './pages/csp-page.ts'
import { publishedPolicies } from './published.ts'

const path = (relative: string) => fileURLToPath(new URL(relative, import.meta.url))
const ISOLATION = {
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-embedder-policy': 'require-corp',
}
const policies = publishedPolicies(await readFile(path('../../ENGINES.md'), 'utf8'))

describe('the published Content-Security-Policy', () => {
  let harness: Harness
  let files: EngineFiles
  before(async () => {
    files = await makeEngineFiles()
    harness = await startHarness({
      flags: ['--enable-unsafe-webgpu'],
      bundles: { '/page.js': path('pages/csp-page.ts'), ...files.bundles },
      dirs: files.dirs,
    })
  })
  after(async () => {
    await harness.close()
    await files[Symbol.asyncDispose]()
  })

  /** What an engine does in a page, and in workers, under a policy. */
  const under = async (engine: string, policy: string, more: Record<string, string> = {}): Promise<Spoken> => {
    // The policy binds workers by the answer that brings their script, so all answers carry it.
    const headers = { 'content-security-policy': policy, ...more }
    const server = await startServer({ ...harness.server.options, headers })
    const context = await harness.browser.newContext()
    try {
      const page = await context.newPage()
      await page.goto(server.origin)
      return (await page.evaluate(async ([url, name]) => (await import(url)).speak(name), [
        `${server.origin}/page.js`,
        engine,
      ] as const)) as Spoken
    } finally {
      await context.close()
      await server.close()
    }
  }

  for (const { engine, policy } of policies) {
    test(`${engine}: ${policy}`, async () => {
      const { text, code, message } = await under(engine, policy)
      assert.deepEqual([text, code], ['Hello! How can I help you?', undefined], message)
    })

    test(`${engine}: the same in an isolated page`, async () => {
      const { text, isolated, message } = await under(engine, policy, ISOLATION)
      assert.deepEqual([text, isolated], ['Hello! How can I help you?', true], message)
    })

    for (const [source, less] of withoutOne(policy)) {
      test(`${engine}: needs ${source}`, async () => {
        const { text, code } = await under(engine, less)
        assert.equal(text, undefined)
        assert.ok(code, 'it fails by a typed error')
      })
    }
  }
})

/** The policy without each of its sources beyond 'self'. */
function withoutOne(policy: string): [string, string][] {
  return policy.split('; ').flatMap((directive) => {
    const [name, ...sources] = directive.split(' ')
    const extra = sources.filter((source) => source !== "'self'" && source !== "'none'")
    return extra.map((source): [string, string] => [
      `${name} ${source}`,
      policy.replace(directive, directive.replace(` ${source}`, '')),
    ])
  })
}
