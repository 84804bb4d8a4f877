/** When the rest of a file is the rest of the file that was begun. */
import assert from 'node:assert/strict'
import { afterEach, describe, test } from 'node:test'
import type { Note } from '../../src/engines/wllama/disk.ts'
import { ask, begunBytes, lengthOf, versionOf } from '../../src/engines/wllama/range.ts'

const URL_OF_FILE = 'http://127.0.0.1/a.gguf'
const note: Note = { originalURL: URL_OF_FILE, originalSize: 100, etag: '', models: ['m'], version: '"v1"' }
const { signal } = new AbortController()

const { fetch } = globalThis
afterEach(() => {
  globalThis.fetch = fetch
})

/** Answers in turn; resolves with the ranges that were asked for and where the body begins. */
async function asks(begun: number, ...answers: Response[]): Promise<{ ranges: (string | null)[]; start: number }> {
  const ranges: (string | null)[] = []
  globalThis.fetch = async (input, init) => {
    ranges.push(new Request(input, init).headers.get('range'))
    return answers.shift() ?? assert.fail('asked once too often')
  }
  const { start } = await ask(URL_OF_FILE, begun, note, signal)
  return { ranges, start }
}

const answer = (status: number, headers: Record<string, string>) => new Response('x', { status, headers })
const rest = { etag: '"v1"', 'content-length': '40' }

describe('a download that was begun', () => {
  test('goes on when the rest is of that version and of the right length', async () => {
    assert.deepEqual(await asks(60, answer(206, rest)), { ranges: ['bytes=60-'], start: 60 })
  })

  test('goes on when the rest says that it begins there', async () => {
    const first = answer(206, { ...rest, 'content-range': 'bytes 60-99/100' })
    assert.deepEqual(await asks(60, first), { ranges: ['bytes=60-'], start: 60 })
  })

  test('starts afresh with the whole file where ranges are not known', async () => {
    assert.deepEqual(await asks(60, answer(200, rest)), { ranges: ['bytes=60-'], start: 0 })
  })

  for (const [what, first] of Object.entries({
    'of another version': answer(206, { ...rest, etag: '"v2"' }),
    'of another length': answer(206, { ...rest, 'content-length': '41' }),
    'from elsewhere in the file': answer(206, { ...rest, 'content-range': 'bytes 0-39/100' }),
    'of a version that nobody names': answer(206, { 'content-length': '40' }),
    'out of range': answer(416, {}),
    'refused once': answer(500, {}),
  })) {
    test(`asks anew when the rest is ${what}`, async () => {
      const { ranges, start } = await asks(60, first, answer(200, {}))
      assert.deepEqual([ranges, start], [['bytes=60-', null], 0])
    })
  }

  test('that has no bytes asks for the whole file', async () => {
    assert.deepEqual(await asks(0, answer(200, {})), { ranges: [null], start: 0 })
  })

  test('counts only when its version has a name and bytes are missing', () => {
    assert.equal(begunBytes(note, 60), 60)
    assert.equal(begunBytes(note, 100), 0)
    assert.equal(begunBytes({ ...note, version: '' }, 60), 0)
    assert.equal(begunBytes({ ...note, originalSize: -1 }, 60), 0)
    assert.equal(begunBytes(undefined, 60), 0)
  })
})

describe('an answer', () => {
  test('has the version of its strong tag, else of its date', () => {
    const date = { 'last-modified': 'Mon, 01 Jan 2026 00:00:00 GMT' }
    assert.equal(versionOf(answer(200, { etag: '"v1"', ...date })), '"v1"')
    assert.equal(versionOf(answer(200, { etag: 'W/"v1"', ...date })), date['last-modified'])
    assert.equal(versionOf(answer(200, { etag: 'W/"v1"' })), '')
    assert.equal(versionOf(answer(200, {})), '')
  })

  test('has a length unless it travels compressed', () => {
    assert.equal(lengthOf(answer(200, { 'content-length': '7' })), 7)
    assert.equal(lengthOf(answer(200, {})), Number.NaN)
    assert.equal(lengthOf(answer(200, { 'content-length': '7', 'content-encoding': 'gzip' })), Number.NaN)
  })
})
