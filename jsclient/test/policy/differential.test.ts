// The Go program makes random snapshots, questions and texts, and says what Go makes of them; we must make the same.
// EDGEWISE_CASES says how many questions, 20,000 by default, with a tenth as many texts; EDGEWISE_SEED says which.
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import path from 'node:path'
import { createInterface } from 'node:readline'
import { describe, it } from 'node:test'
import { isDeepStrictEqual } from 'node:util'
import { codePoints, features, parseSnapshot, type TextFeatures } from '../../src/policy/index.ts'
import type { Snapshot } from '../../src/wire.ts'
import { answer, type Vector } from './vector.ts'

/** One line of the program: the snapshot of the vectors that follow, a vector, or a text with its features. */
interface Line {
  snapshot?: unknown
  vector?: Vector
  /** UTF-16 code units; null is none. */
  text?: number[] | null
  /** Zeros are left out. */
  features?: Partial<TextFeatures>
  /** Code points. */
  length?: number
}

const root = path.resolve(import.meta.dirname, '../../..')
const cases = Number(process.env.EDGEWISE_CASES ?? 20_000)
const texts = Math.ceil(cases / 10)
const seed = process.env.EDGEWISE_SEED ?? '1'

/** Differences that are shown; after that many the run ends. */
const SHOWN = 3

/** What text has that has nothing. */
const NOTHING = features('')

describe('Go and TypeScript', () => {
  it(`agree on ${cases} random questions and ${texts} texts, seed ${seed}`, async () => {
    const compared = { vectors: 0, texts: 0 }
    const differences: string[] = []
    const flags = ['-cases', String(cases), '-texts', String(texts), '-seed', seed]
    const child = spawn('go', ['run', './policy/internal/vectors/cmd/differential', ...flags], {
      cwd: root,
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    const ended = once(child, 'close')
    let snapshot: Snapshot | undefined
    for await (const json of createInterface({ input: child.stdout })) {
      const line = JSON.parse(json) as Line
      if (line.snapshot) snapshot = parseSnapshot(line.snapshot)
      const difference = differs(line, snapshot, compared)
      if (difference && differences.push(difference) === SHOWN) break
    }
    child.stdout.destroy()
    const [code] = await ended
    assert.equal(differences.length, 0, `EDGEWISE_SEED=${seed} repeats this:\n${differences.join('\n')}`)
    assert.equal(code, 0)
    assert.deepEqual(compared, { vectors: cases, texts })
  })
})

/** Counts a line, and says where we make something else of it. */
function differs(
  { vector, text, features: counted, length }: Line,
  snapshot: Snapshot | undefined,
  compared: { vectors: number; texts: number },
): string | undefined {
  if (vector) {
    assert.ok(snapshot, 'a vector came before its snapshot')
    compared.vectors++
    assert.ok(vector.trace, 'a vector came without its explanation')
    const { want, trace, ...question } = vector
    const got = answer(snapshot, vector)
    return isDeepStrictEqual(got, { want, trace })
      ? undefined
      : JSON.stringify({ got, want, trace, question, policies: snapshot.policies })
  }
  if (counted) {
    compared.texts++
    const units = (text ?? []).map((unit) => String.fromCharCode(unit)).join('')
    const got = { length: codePoints(units), ...features(units) }
    const want = { length, ...NOTHING, ...counted }
    return isDeepStrictEqual(got, want) ? undefined : JSON.stringify({ got, want, text })
  }
  return undefined
}
