import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { AnswerBook, type Asked } from '../../src/downloads/answers.ts'
import { memoryStorage } from './tabs.ts'

const KEY = 'edgewise.consent'

const free = (bytes?: number): Asked => ({ bytes, metered: false })
const metered = (bytes?: number): Asked => ({ bytes, metered: true })

describe('an answer is remembered', () => {
  const cases: [said: boolean, Asked, then: Asked, recalled: boolean | undefined][] = [
    [true, free(100), free(100), true],
    [true, free(100), free(99), true],
    [true, free(100), free(101), undefined],
    [true, free(100), free(), undefined],
    [true, free(), free(), true],
    [true, free(), free(1), undefined],
    [true, free(100), metered(100), undefined],
    [true, metered(100), metered(100), true],
    [true, metered(100), free(100), true],
    [true, metered(100), free(101), undefined],
    [false, free(100), free(1), false],
    [false, free(100), metered(1), false],
    [false, metered(100), metered(1), false],
    [false, metered(100), free(100), undefined],
  ]
  for (const [said, asked, then, recalled] of cases) {
    const words = [said ? 'yes' : 'no', JSON.stringify(asked), JSON.stringify(then), String(recalled)]
    test(`${words[0]} to ${words[1]} is ${words[3]} to ${words[2]}`, () => {
      const storage = memoryStorage()
      new AnswerBook(storage).remember('m', asked, said)
      const book = new AnswerBook(storage)
      assert.deepEqual([book.recall('m', then), book.recall('other', then)], [recalled, undefined])
    })
  }

  test('until the next one', () => {
    const book = new AnswerBook(memoryStorage())
    book.remember('m', free(1), true)
    book.remember('m', metered(1), false)
    assert.deepEqual([book.recall('m', free(1)), book.recall('m', metered(1))], [true, false])
    book.remember('m', free(1), false)
    book.remember('m', metered(1), true)
    assert.deepEqual([book.recall('m', free(1)), book.recall('m', metered(1))], [true, true])
  })

  test('until it is forgotten', () => {
    const storage = memoryStorage()
    const book = new AnswerBook(storage)
    for (const id of ['a', 'b', 'c']) book.remember(id, free(1), true)
    book.forget('a')
    assert.deepEqual([book.recall('a', free(1)), book.recall('b', free(1))], [undefined, true])
    book.forget()
    assert.deepEqual([book.recall('b', free(1)), storage.getItem(KEY)], [undefined, null])
  })

  test('of 256 models, the last ones', () => {
    const storage = memoryStorage()
    const book = new AnswerBook(storage)
    for (let i = 0; i < 257; i++) book.remember(`m${i}`, free(1), true)
    assert.deepEqual([book.recall('m0', free(1)), book.recall('m1', free(1))], [undefined, true])
    assert.equal(JSON.parse(storage.getItem(KEY) ?? '').models.length, 256)
  })

  test('the longer, the later it was given', () => {
    const book = new AnswerBook(undefined)
    for (let i = 0; i < 256; i++) book.remember(`m${i}`, free(1), true)
    book.remember('m0', free(2), true)
    book.remember('another', free(1), true)
    assert.deepEqual([book.recall('m0', free(1)), book.recall('m1', free(1))], [true, undefined])
  })

  test('as another tab left it', () => {
    const storage = memoryStorage()
    const here = new AnswerBook(storage)
    here.remember('m', free(1), true)
    new AnswerBook(storage).forget('m')
    assert.equal(here.recall('m', free(1)), undefined)
  })

  test('for as long as the page where nothing can be stored', () => {
    const refuse = () => {
      throw new DOMException('blocked', 'SecurityError')
    }
    const blocked = { getItem: refuse, setItem: refuse, removeItem: refuse }
    const full = { ...memoryStorage(), setItem: refuse }
    for (const storage of [undefined, blocked, full]) {
      const book = new AnswerBook(storage)
      assert.equal(book.recall('m', free(1)), undefined)
      book.remember('m', free(1), true)
      assert.equal(book.recall('m', free(1)), true)
      book.forget()
      assert.equal(book.recall('m', free(1)), undefined)
    }
  })
})

test('what is stored is small, versioned and without a word of anybody', () => {
  const storage = memoryStorage()
  new AnswerBook(storage).remember('m', free(7), true)
  const expected = { version: 1, models: [{ id: 'm', free: { agreed: true, bytes: 7 } }] }
  assert.deepEqual(JSON.parse(storage.getItem(KEY) ?? ''), expected)
})

test('nonsense in the storage is as if nothing had been asked', () => {
  const yes = { agreed: true, bytes: 7 }
  const nonsense: unknown[] = [
    null,
    7,
    'text',
    [],
    {},
    { version: 2, models: [{ id: 'm', free: yes }] },
    { version: 1 },
    { version: 1, models: { m: yes } },
    { version: 1, models: [null, 7, [], {}, { id: 7, free: yes }] },
    { version: 1, models: [{ id: 'm', free: { agreed: 'yes' } }] },
    { version: 1, models: [{ id: 'm', free: { agreed: true, bytes: '7' } }] },
    { version: 1, models: [{ id: 'm', free: true }] },
    { version: 1, models: [{ id: '__proto__', free: yes }] },
  ]
  for (const text of ['', '{', ...nonsense.map((value) => JSON.stringify(value))]) {
    const storage = memoryStorage()
    storage.setItem(KEY, text)
    const book = new AnswerBook(storage)
    assert.deepEqual([book.recall('m', free(7)), book.recall('m', free())], [undefined, undefined], text)
    book.remember('m', free(7), true)
    assert.equal(book.recall('m', free(7)), true, text)
  }
})
