import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { describe, it } from 'node:test'
import { isSnapshotError } from '../../src/errors/snapshot-error.ts'
import { snapshot } from './fixtures.ts'

/** One of `policy`, `limits` and `model`, as an operator might write it; Go reads the same table. */
interface Case {
  name: string
  policy?: unknown
  limits?: unknown
  model?: unknown
  accepted: boolean
}

const file = new URL('../../../policy/testdata/accepts.json', import.meta.url)
const cases = JSON.parse(readFileSync(file, 'utf8')) as Case[]

describe('what an operator may write, against what Go accepts', () => {
  it('has cases to run', () => assert.ok(cases.length > 0))

  for (const { name, policy, limits, model, accepted } of cases) {
    it(`${accepted ? 'accepts' : 'refuses'} ${name}`, () => {
      const given = [
        ...(policy === undefined ? [] : [{ policies: [policy] }]),
        ...(limits === undefined ? [] : [{ limits }]),
        ...(model === undefined ? [] : [{ models: [model] }]),
      ]
      assert.equal(given.length, 1, 'a case is about one thing')
      const read = () => snapshot(given[0])
      if (accepted) read()
      else assert.throws(read, isSnapshotError)
    })
  }
})
