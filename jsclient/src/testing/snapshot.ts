import { parseSnapshot } from '../policy/snapshot.ts'
import type { PolicySpec, Snapshot } from '../wire.ts'
import { testModel } from './model.ts'

/**
 * What tests want: any device may answer, at once and whatever must be downloaded for it, unless the user, the request's
 * privacy or its complexity says otherwise.
 */
const POLICIES: readonly PolicySpec[] = [
  { name: 'enabled' },
  { name: 'capability', options: { allowCPU: true, minRAMGB: 0.1 } },
  { name: 'privacy' },
  { name: 'preference' },
  { name: 'readiness', options: { wait: true } },
  { name: 'complexity' },
]

/**
 * A policy snapshot for tests, with the members given: `testModel()` is its only model, any device may answer, and
 * reports are taken. A SnapshotError says when it makes no sense.
 */
export function testSnapshot(over: Partial<Snapshot> = {}): Snapshot {
  return parseSnapshot({
    schema: 1,
    revision: 'r1',
    policies: POLICIES,
    models: [testModel()],
    subject: { rolloutBucket: 0, server: { continuation: 'none' } },
    grant: { id: 'g', token: 'grant-token', expires: 4_000_000_000, maxReports: 100 },
    ...over,
  })
}
