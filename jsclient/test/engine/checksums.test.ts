import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { fileOf, unescaped } from '../../src/engine/checksums.ts'

describe('the name of a file', () => {
  const NAMES = [
    ['https://host/a/b.gguf', 'b.gguf'],
    ['https://host/a/b%20c.gguf?v=1#x', 'b c.gguf'],
    ['https://host/o/models%2Fb.gguf', 'models/b.gguf'],
    ['https://host/a/100%.gguf', '100%.gguf'],
    ['https://host/a/', ''],
    ['https://host', ''],
  ] as const
  for (const [url, name] of NAMES) test(`of ${url}`, () => assert.equal(fileOf(url), name))
})

test('what is no escape stands as it is', () => {
  assert.equal(unescaped('/a%20b'), '/a b')
  for (const path of ['/50%', '/%zz', '/%20/%']) assert.equal(unescaped(path), path)
})
