import { SnapshotError } from '../errors/snapshot-error.ts'
import type { Snapshot } from '../wire.ts'

/** A response's body as a snapshot. Checks what deciding can't do without; unknown fields and policies pass. */
export function asSnapshot(value: object): Snapshot {
  const { schema, revision, policies, models, subject } = value as Partial<Snapshot>
  if (
    schema === 1 &&
    typeof revision === 'string' &&
    Array.isArray(policies) &&
    Array.isArray(models) &&
    typeof subject === 'object' &&
    subject
  ) {
    return value as Snapshot
  }
  throw new SnapshotError(
    'The policy snapshot is not of schema 1. Bring @edgewise/client and the server to one version.',
    {
      code: typeof schema === 'number' && schema !== 1 ? 'snapshot_unsupported' : 'snapshot_invalid',
    },
  )
}
