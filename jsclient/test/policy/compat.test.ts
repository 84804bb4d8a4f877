// Snapshots of other versions. What the frozen ones decided they decide for as long as their schema is read.
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { describe, it } from 'node:test'
import { isSnapshotError } from '../../src/errors/snapshot-error.ts'
import { type DecideOptions, decide, parseSnapshot } from '../../src/policy/index.ts'
import type { DecisionRequest, State } from '../../src/wire.ts'
import { answer, type Outcome, type Vector } from './vector.ts'

interface Vectors {
  snapshots: unknown[]
  vectors: (Vector & { snapshot: number })[]
}

/** Decisions under policies that only the server can evaluate. Go reads no such snapshot. */
interface Opaque {
  snapshots: unknown[]
  decisions: (DecideOptions & {
    name: string
    snapshot: number
    state: State
    request: DecisionRequest
    want: Outcome & { undecidable: string[] }
  })[]
}

/** What a later minor version may add to its snapshot, and what a page of this version does about it. */
interface Later extends Vectors {
  additions: { name: string; change: object; page: 'asks' | 'refuses' }[]
}

function read<T>(name: string): T {
  return JSON.parse(readFileSync(new URL(`../../../policy/testdata/compat/${name}`, import.meta.url), 'utf8'))
}

function decideAlike({ snapshots, vectors }: Vectors): void {
  assert.ok(vectors.length > 0)
  for (const vector of vectors) {
    const snapshot = parseSnapshot(snapshots[vector.snapshot])
    assert.deepEqual(answer(snapshot, vector), { want: vector.want }, vector.name)
  }
}

describe('a snapshot of schema 1', () => {
  it('decides as it did when version 1.0 was frozen', () => decideAlike(read('schema-1.json')))

  it('asks the server as it did, and does without it as it did', () => {
    const { snapshots, decisions } = read<Opaque>('schema-1-opaque.json')
    assert.ok(decisions.length > 0)
    for (const { name, snapshot, state, request, unreachable, want } of decisions) {
      const decision = decide(parseSnapshot(snapshots[snapshot]), state, request, { unreachable })
      const { target, reason, modelInfo, fallback, undecidable } = decision
      const got = { target, reason, model: modelInfo?.id, ...(fallback && { fallback }), undecidable }
      assert.deepEqual(got, want, name)
    }
  })
})

describe('a snapshot of a later minor version', () => {
  const later = read<Later>('later.json')
  const { snapshots, additions } = later

  it('decides alike: members that nobody knows mean nothing', () => decideAlike(later))

  for (const { name, change, page } of additions) {
    it(`that adds ${name}: the page ${page === 'asks' ? 'asks the server' : 'refuses it, and asks the server'}`, () => {
      const changed = { ...(snapshots[0] as object), ...change }
      if (page === 'refuses') assert.throws(() => parseSnapshot(changed), isSnapshotError)
      else assert.deepEqual(decide(parseSnapshot(changed), {}, { promptLength: 1 }).undecidable, ['acme.rule'])
    })
  }
})
