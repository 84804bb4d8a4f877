import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { describe, it } from 'node:test'
import { parseSnapshot } from '../../src/policy/index.ts'
import { answer, type Vector } from './vector.ts'

/** The golden file; `go test ./policy -update` writes it anew. */
interface Vectors {
  snapshots: unknown[]
  vectors: (Vector & { snapshot: number })[]
}

const file = new URL('../../../policy/testdata/vectors.json', import.meta.url)
const golden = JSON.parse(readFileSync(file, 'utf8')) as Vectors
const snapshots = golden.snapshots.map((snapshot) => parseSnapshot(snapshot))

describe('decide, against the vectors of the Go side', () => {
  it('has vectors to run', () => assert.ok(golden.vectors.length > 100))

  for (const [i, vector] of golden.vectors.entries()) {
    it(`${i} ${vector.name}`, () => {
      const snapshot = snapshots[vector.snapshot]
      assert.ok(snapshot)
      assert.deepEqual(answer(snapshot, vector), { want: vector.want })
    })
  }
})
