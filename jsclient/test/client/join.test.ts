import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { createJoin } from '../../src/client/join.ts'

/** What is handed out of these pieces behind what was said. */
function join(said: string, stops: string[], pieces: string[]): { text: string; stopped: boolean; echoes: boolean } {
  const joined = createJoin({ message: said, said, stops })
  let text = ''
  for (const piece of pieces) text += joined.push(piece)
  text += joined.end()
  return { text, stopped: joined.stopped, echoes: joined.echoes }
}

/** A text in pieces of one to three characters. */
function cut(text: string, seed: number): string[] {
  const pieces: string[] = []
  for (let i = 0, n = seed; i < text.length; n++) {
    const length = 1 + ((n * 7919) % 3)
    pieces.push(text.slice(i, i + length))
    i += length
  }
  return pieces
}

describe('a repetition of what was said', () => {
  const said = 'The cat sat'

  it('is taken out when it is exact and whole, however it is cut', () => {
    for (let seed = 0; seed < 9; seed++) {
      const got = join(said, [], cut(`${said} on the mat`, seed))
      assert.deepEqual(got, { text: ' on the mat', stopped: false, echoes: true })
    }
  })

  it('is left when it is not whole, or not exact: then it is the answer itself', () => {
    for (const rest of ['The cat', 'the cat sat down', ' The cat sat', 'The cat sits', 'x', '']) {
      for (let seed = 0; seed < 3; seed++) {
        assert.deepEqual(join(said, [], cut(rest, seed)), { text: rest, stopped: false, echoes: false })
      }
    }
  })

  it('is looked for once', () => {
    assert.equal(join('ab', [], ['ab', 'ab', 'c']).text, 'abc')
  })
})

describe('a stop text', () => {
  const whole = 'one two END three'
  const stop = 'END'

  it('is found wherever the join is; what of it was handed out stays', () => {
    for (let at = 1; at < whole.indexOf(stop) + stop.length; at++) {
      for (let seed = 0; seed < 3; seed++) {
        const said = whole.slice(0, at)
        const got = join(said, [stop], cut(whole.slice(at), seed))
        const before = whole.slice(0, Math.max(at, whole.indexOf(stop)))
        assert.deepEqual(
          { ...got, text: said + got.text },
          { text: before, stopped: true, echoes: false },
          `cut at ${at}`,
        )
      }
    }
  })

  it('that only seemed to begin in what was said changes nothing', () => {
    for (const rest of ['', 'E', 'EN', 'DEN', ' ENough', 'N', 'NE']) {
      for (const said of ['so E', 'so EN', 'so ENE']) {
        if ((said + rest).includes(stop)) continue
        assert.deepEqual(join(said, [stop], cut(rest, 1)), { text: rest, stopped: false, echoes: false }, said + rest)
      }
    }
  })

  it('is found behind a repetition too', () => {
    const got = join('one ', [stop], ['one two EN', 'D three'])
    assert.deepEqual(got, { text: 'two ', stopped: true, echoes: true })
  })
})
