import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { describe, it } from 'node:test'
import { readLimits } from '../../src/policy/compile.ts'
import { GB } from '../../src/policy/numbers.ts'
import { readOptions } from '../../src/policy/options.ts'
import { POLICIES } from '../../src/policy/policies/index.ts'
import type { PolicySpec, SnapshotLimits } from '../../src/wire.ts'

/** What a Go server puts into a snapshot whose operator left everything unsaid. */
const file = new URL('../../../policy/testdata/defaults.json', import.meta.url)
const golden = JSON.parse(readFileSync(file, 'utf8')) as { policies: PolicySpec[]; limits: SnapshotLimits }

describe('what an operator leaves unsaid is what Go fills in', () => {
  it('for the policies, in their order', () => {
    const names = golden.policies.map(({ name }) => name)
    assert.deepEqual(names, [...POLICIES.keys()])
  })

  for (const { name, options = {} } of golden.policies) {
    it(`for the options of ${name}`, () => {
      const kind = POLICIES.get(name)
      assert.ok(kind)
      assert.deepEqual(written(readOptions<object>(kind.readers, undefined)), options)
    })
  }

  it('for the limits', () => assert.deepEqual(written(readLimits(undefined)), golden.limits))
})

/** Options as Go writes them: memory in GB, and nothing that is zero or empty. */
function written(options: object): object {
  const given = Object.entries(options).filter(([, value]) => !isZero(value))
  return Object.fromEntries(given.map(([name, value]) => [name, name === 'minRAMGB' ? value / GB : value]))
}

function isZero(value: unknown): boolean {
  if (value instanceof Map) return value.size === 0
  return !value || (typeof value === 'object' && Object.keys(value).length === 0)
}
