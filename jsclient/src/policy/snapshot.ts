import { defined } from '../defined.ts'
import { SnapshotError } from '../errors/snapshot-error.ts'
import type { Snapshot } from '../wire.ts'
import { compile, orInvalid } from './compile.ts'
import { insist, isCount, isList, isObject, isText } from './validate.ts'

/** The newest form of a snapshot that this version reads. */
const SNAPSHOT_SCHEMA = 1

/**
 * Reads a snapshot, from JSON text or from what `JSON.parse` gave. A SnapshotError says what is wrong: text cut short, a
 * field missing or of the wrong type, a newer schema, a policy, option or limit that this version does not know. Nothing
 * is guessed, since what is not understood may forbid. Other unknown fields are kept and have no effect. The result must
 * not be modified.
 */
export function parseSnapshot(json: unknown): Snapshot {
  const snapshot = orInvalid(() => read(typeof json === 'string' ? JSON.parse(json) : json))
  compile(snapshot)
  return snapshot
}

function read(value: unknown): Snapshot {
  if (!isObject(value)) throw new Error('it is no object')
  const { schema, revision, maxAge = 300, staleIfUnreachable = 30 * 24 * 3600, first, grant } = value
  if (isCount(schema) && schema > SNAPSHOT_SCHEMA) {
    const message = `The policy snapshot has schema ${schema}. Upgrade @edgewise/client.`
    throw new SnapshotError(message, { code: 'snapshot_unsupported' })
  }
  // Go writes nothing as null.
  const policies = value.policies === null ? [] : value.policies
  const models = value.models === null ? [] : value.models
  insist('the snapshot', {
    schema: schema === SNAPSHOT_SCHEMA,
    revision: typeof revision === 'string',
    policies: isList(policies, isObject),
    models: isList(models, isObject),
    maxAge: isCount(maxAge),
    staleIfUnreachable: isCount(staleIfUnreachable),
    first: !first || isList(first, isText),
    grant: !grant || isGrant(grant),
  })
  const known = { policies, models, maxAge, staleIfUnreachable, first: first || undefined, grant: grant || undefined }
  return defined({ ...value, ...known }) as unknown as Snapshot
}

function isGrant(grant: unknown): boolean {
  if (!isObject(grant)) return false
  return isText(grant.id) && isText(grant.token) && isCount(grant.expires) && isCount(grant.maxReports)
}
