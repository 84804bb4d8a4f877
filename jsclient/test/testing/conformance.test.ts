/** The kit passes what is right: with and without what an engine may support, with and without hooks. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { engineChecks, type Subject } from '../../src/testing/conformance.ts'
import { fakeSubject } from './fake-subject.ts'
import { request as asking, engine, event } from './mutate.ts'

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

conforms('an engine that supports everything', fakeSubject(), ['after a refusal'])

const STORING = [
  'a store says',
  'what was removed',
  'a store touches',
  'what an earlier version',
  'a resident model',
  "a store's methods",
  'what an aborted load',
]

const NOTHING = {
  ...{ jsonSchema: false, temperature: false, topP: false, seed: false, stop: false },
  ...{ continuation: false, prefixCache: false, tools: false, images: false },
}
const { model, request, create, generatedTokens } = fakeSubject({ supports: NOTHING, store: false })

const bare: Subject = { model: { ...model, contextWindow: 8192 }, request, create, generatedTokens }

conforms('an engine that supports nothing, of a large window, from an author without hooks', bare, [
  'at temperature 0',
  'the same seed',
  'at temperature 2',
  'the smallest nucleus',
  'temperature and topP',
  'a stop text ends',
  'a stop text is found',
  'a stop text that only begins',
  'a JSON Schema',
  'a prompt that is longer',
  'an image',
  'a tool that',
  'an answer that was begun',
  'a prompt that goes on',
  'what is cached of one',
  ...STORING,
  'unload frees',
  'an engine that dies',
  'whatever goes wrong',
])

let drawn = 0
const wrap = event((one) => (one.type === 'delta' && one.text !== '' ? { ...one, text: `${one.text}${drawn++}` } : one))
const inexact = { ...fakeSubject({ wrap, supports: { jsonSchema: false } }), deterministic: false, samples: false }

conforms('an engine whose answers are never the same', inexact, [
  'the same seed',
  'at temperature 2',
  'a stop text is found',
  'a stop text that only begins',
  'a JSON Schema',
])

const reportsOnce = engine((right) => ({
  async load(info, { onProgress, ...options } = {}) {
    const loaded = await right.load(info, options)
    onProgress?.({ progress: 1, stage: 'load' })
    return loaded
  },
}))
conforms('an engine that reports progress once, when it is complete', fakeSubject({ wrap: reportsOnce }), [
  'after a refusal',
])

/** As text is that went through UTF-8. */
const decoded = (text: string): string => new TextDecoder().decode(new TextEncoder().encode(text))
const emoji = Array.from({ length: 20 }, (_, i) => `\u{1f600}\u{1f601}${String.fromCodePoint(0x1f600 + i)}x`)
const inUTF8 = asking(({ stop, ...asked }, right) => {
  right.answer = emoji
  return { ...asked, ...(stop && { stop: stop.map(decoded) }) }
})
const astral = { jsonSchema: false, tools: false, continuation: false }

conforms(
  'an engine that answers in emoji, and takes text as UTF-8',
  { ...fakeSubject({ wrap: inUTF8, supports: astral }), samples: false },
  ['at temperature 2', 'a JSON Schema', 'a tool that', 'an answer that was begun'],
)

describe('a subject that lacks something', () => {
  const cases: [string, Partial<Subject>, RegExp][] = [
    [
      'is told of all of it',
      { create },
      /^engineChecks: the subject needs model; request; generatedTokens\(\), a function/,
    ],
    ['is told of a hook that is none', { ...bare, crash: 1 as never }, /needs crash\(\), a function/],
  ]
  for (const [name, subject, message] of cases) {
    test(name, () => assert.throws(() => engineChecks(subject as Subject), { name: 'TypeError', message }))
  }
})
