import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { PageRecord } from '../src/page-record.ts'
import { TestStorage } from './engine/storage.ts'

const KEY = 'edgewise.test'

describe('a record that outlives the page', () => {
  test('is read as it was written, by others too', () => {
    const storage = new TestStorage()
    assert.equal(new PageRecord(storage, KEY, 1).write({ names: ['a'] }), true)
    assert.deepEqual(new PageRecord(storage, KEY, 1).read().names, ['a'])
    assert.deepEqual([...storage.items.keys()], [KEY])
  })

  test('goes with its name', () => {
    const storage = new TestStorage()
    const record = new PageRecord(storage, KEY, 1)
    record.write({ names: [] })
    assert.equal(record.write(undefined), true)
    assert.equal(storage.items.size, 0)
    assert.deepEqual(record.read(), {})
  })

  test('of another version counts as nothing', () => {
    const storage = new TestStorage()
    new PageRecord(storage, KEY, 2).write({ names: ['a'] })
    assert.deepEqual(new PageRecord(storage, KEY, 1).read(), {})
  })

  for (const text of ['', 'null', '1', '"x"', '[]', '{', '{"version":"1"}']) {
    test(`counts as nothing where the storage holds ${text || 'no text'}`, () => {
      assert.deepEqual(new PageRecord(new TestStorage({ [KEY]: text }), KEY, 1).read(), {})
    })
  }

  test('says that it could not be written', () => {
    const storage = new TestStorage()
    const record = new PageRecord(storage, KEY, 1)
    storage.room = 10
    assert.equal(record.write({ names: ['a'] }), false)
    storage.broken = ['getItem', 'setItem', 'removeItem']
    assert.deepEqual([record.read(), record.write({}), record.write(undefined)], [{}, false, false])
    assert.deepEqual(
      [new PageRecord(undefined, KEY, 1).read(), new PageRecord(undefined, KEY, 1).write({})],
      [{}, false],
    )
  })
})
