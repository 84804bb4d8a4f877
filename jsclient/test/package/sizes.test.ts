import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { bounds, measure } from '../../tools/sizes.ts'

describe('what a page pays, gzip -9 (npm run size)', async () => {
  const sizes = await measure()

  for (const { entry, gzip } of sizes) {
    const bound = bounds[entry]
    if (bound) {
      test(`${entry}: ${gzip} bytes, at most ${bound.ceiling} kB`, () => assert.ok(gzip <= bound.ceiling * 1000))
    }
  }

  test('every entry for pages has a budget, and nothing else', () => {
    const forPages = sizes.map(({ entry }) => entry).filter((entry) => !/^\.\/testing$|\/worker(-module)?$/.test(entry))
    assert.deepEqual(Object.keys(bounds).sort(), forPages.sort())
  })

  test('no ceiling is below its budget', () => {
    for (const [entry, { budget, ceiling }] of Object.entries(bounds)) assert.ok(ceiling >= budget, entry)
  })
})
