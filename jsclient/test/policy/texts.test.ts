import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { describe, it } from 'node:test'
import { codePoints, features, promptTokens, score, type TextFeatures } from '../../src/policy/index.ts'

/** What Go counts in a text; `go test ./policy -update` writes the file anew. */
interface GoldenText {
  name: string
  /** Pieces of the text. A lone surrogate is an escape, which JSON keeps. */
  parts: { say: string; times: number }[]
  /** Code points. */
  length: number
  /** Zeros are left out. */
  features: Partial<TextFeatures>
  /** Of a prompt of this text. */
  tokens: number
  /** By the default weights. */
  score: number
}

const file = new URL('../../../policy/testdata/texts.json', import.meta.url)
const golden = JSON.parse(readFileSync(file, 'utf8')) as GoldenText[]

describe('texts, against what the Go side counts', () => {
  for (const { name, parts, ...want } of golden) {
    it(name, () => {
      const text = parts.map(({ say, times }) => say.repeat(times)).join('')
      const counted = features(text)
      const request = { promptLength: codePoints(text), features: counted }
      const got = {
        length: request.promptLength,
        features: counted,
        tokens: promptTokens(request),
        score: score(request),
      }
      assert.deepEqual(got, { ...want, features: { ...features(''), ...want.features } })
    })
  }
})
