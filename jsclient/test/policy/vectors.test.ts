import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { describe, it } from 'node:test'
import { decide, parseSnapshot } from '../../src/policy/index.ts'
import type { DeviceCapabilities, RequestInfo, SnapshotSubject, State } from '../../src/wire.ts'

/** Decisions that Go made; `go test ./policy -update` writes the file anew. */
interface Vectors {
  snapshots: unknown[]
  vectors: {
    name: string
    snapshot: number
    subject?: SnapshotSubject
    device: DeviceCapabilities
    state: State
    request: RequestInfo
    want: {
      target: string
      reason: string
      model?: string
      alternates?: string[]
      fallback?: string
      preload?: string
    }
  }[]
}

const file = new URL('../../../policy/testdata/vectors.json', import.meta.url)
const golden = JSON.parse(readFileSync(file, 'utf8')) as Vectors
const snapshots = golden.snapshots.map((snapshot) => parseSnapshot(snapshot))

describe('decide, against the vectors of the Go side', () => {
  it('has vectors to run', () => assert.ok(golden.vectors.length > 100))

  for (const [i, { name, snapshot: at, subject, device, state, request, want }] of golden.vectors.entries()) {
    it(`${i} ${name}`, () => {
      const snapshot = snapshots[at]
      assert.ok(snapshot)
      const decision = decide({ ...snapshot, ...(subject && { subject }) }, state, request, device)
      const { target, reason, fallback, preload } = decision
      const got = JSON.parse(
        JSON.stringify({
          target,
          reason,
          model: decision.modelInfo?.id,
          alternates: decision.alternates?.map(({ id }) => id),
          fallback,
          preload,
        }),
      )
      assert.deepEqual(got, want)
    })
  }
})
