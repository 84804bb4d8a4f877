/** The kit passes what is right: with and without what an engine may support, with and without hooks. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { engineChecks, type Subject } from '../../src/testing/conformance.ts'
import { fakeSubject } from './fake-subject.ts'
import { event } from './mutate.ts'

/** Runs every check; gives the names of those that were skipped. */
function conforms(name: string, subject: Subject, skips: readonly string[]): void {
  describe(name, () => {
    const skipped: string[] = []
    for (const check of engineChecks(subject)) {
      test(check.name, () => check.run({ skip: () => skipped.push(check.name) }))
    }
    test('and this is what was not checked', () => {
      assert.deepEqual(
        skips.map((beginning) => skipped.filter((one) => one.startsWith(beginning)).length),
        skips.map(() => 1),
      )
      assert.equal(skipped.length, skips.length, skipped.join('\n'))
    })
  })
}

conforms('an engine that supports much', fakeSubject(), [])

const NOTHING = {
  ...{ jsonSchema: false, temperature: false, topP: false, seed: false, stop: false },
  ...{ continuation: false, prefixCache: false },
}
const { model, request, create, generatedTokens } = fakeSubject({ supports: NOTHING })

conforms('an engine that supports nothing, from an author without hooks', { model, request, create, generatedTokens }, [
  'at temperature 0',
  'the same seed',
  'the smallest nucleus',
  'temperature and topP',
  'a stop text ends',
  'a stop text is found',
  'a stop text that only begins',
  'a JSON Schema',
  'an answer that was begun',
  'a prompt that goes on',
  'what is cached of one',
  'unload frees',
  'an engine that dies',
  'whatever goes wrong',
])

let drawn = 0
const wrap = event((one) => (one.type === 'delta' && one.text !== '' ? { ...one, text: `${one.text}${drawn++}` } : one))
const inexact = { ...fakeSubject({ wrap, supports: { jsonSchema: false } }), deterministic: false }

conforms('an engine whose answers are never the same', inexact, [
  'the same seed',
  'a stop text is found',
  'a stop text that only begins',
  'a JSON Schema',
])
