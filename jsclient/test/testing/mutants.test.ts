/** The kit finds out what is wrong: every engine that breaks a rule, and every rule has an engine that breaks it. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { engineChecks } from '../../src/testing/conformance.ts'
import { fakeSubject } from './fake-subject.ts'
import { MUTANTS } from './mutants/index.ts'

describe('an engine is found out that', () => {
  for (const { name, fails, wrap, supports = {}, subject = {} } of MUTANTS) {
    test(name, async () => {
      const found = engineChecks({ ...fakeSubject({ supports, wrap }), ...subject }).filter((check) =>
        check.name.startsWith(fails),
      )
      const [check] = found
      assert.ok(check && found.length === 1, `${found.length} checks begin with "${fails}"`)
      await assert.rejects(check.run(), (error) => error instanceof Error && !(error instanceof ReferenceError))
    })
  }
})

test('every check finds somebody out', () => {
  const idle = engineChecks(fakeSubject())
    .map(({ name }) => name)
    .filter((name) => !MUTANTS.some(({ fails }) => name.startsWith(fails)))
  assert.deepEqual(idle, [])
})

test('no two checks have the same name', () => {
  const names = engineChecks(fakeSubject()).map(({ name }) => name)
  assert.equal(new Set(names).size, names.length)
})
