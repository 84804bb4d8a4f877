import { SnapshotError } from '../errors/snapshot-error.ts'
import type { Snapshot } from '../wire.ts'
import { compile, isTexts } from './compile.ts'

/** The newest form of a snapshot that this version reads. */
export const SNAPSHOT_SCHEMA = 1

/** Seconds, where a snapshot does not say. */
const DEFAULT_MAX_AGE = 300
const DEFAULT_STALE_IF_UNREACHABLE = 30 * 24 * 3600

/**
 * Reads a snapshot, from JSON text or from what `JSON.parse` gave. A SnapshotError says what is wrong: text cut short, a
 * field missing or of the wrong type, a newer schema, a policy, option or limit that this version does not know. Nothing
 * is guessed, since what is not understood may forbid. Other unknown fields are kept and have no effect. The result must
 * not be modified.
 */
export function parseSnapshot(json: unknown): Snapshot {
  try {
    const snapshot = read(typeof json === 'string' ? JSON.parse(json) : json)
    compile(snapshot)
    return snapshot
  } catch (cause) {
    if (cause instanceof SnapshotError) throw cause
    throw invalid(cause instanceof SyntaxError ? 'it is no JSON, or was cut short' : (cause as Error).message, cause)
  }
}

function read(value: unknown): Snapshot {
  if (!isObject(value)) throw new Error('it is no object')
  const { schema, revision, first, limits, subject, grant } = value
  if (!Number.isInteger(schema) || (schema as number) < 1) throw new Error('schema is missing')
  if ((schema as number) > SNAPSHOT_SCHEMA) {
    throw new SnapshotError(
      `The policy snapshot has schema ${String(schema)}; this version reads up to ${SNAPSHOT_SCHEMA}. Upgrade @edgewise/client.`,
      { code: 'snapshot_unsupported' },
    )
  }
  if (typeof revision !== 'string') throw new Error('revision is missing')
  if (limits !== undefined && !isObject(limits)) throw new Error('limits must be an object')
  if (!isObject(subject) || !isObject(subject.server)) throw new Error('subject is missing')
  if (!isCount(subject.rolloutBucket)) throw new Error('subject.rolloutBucket must be 0..9999')
  if (first !== undefined && first !== null && !isTexts(first)) throw new Error('first must be a list of names')
  if (grant !== undefined && grant !== null && !isGrant(grant)) throw new Error('grant is incomplete')
  const { grant: _grant, first: _first, ...rest } = value
  return {
    ...(rest as unknown as Snapshot),
    policies: list(value, 'policies') as unknown as Snapshot['policies'],
    models: list(value, 'models') as unknown as Snapshot['models'],
    maxAge: seconds(value, 'maxAge', DEFAULT_MAX_AGE),
    staleIfUnreachable: seconds(value, 'staleIfUnreachable', DEFAULT_STALE_IF_UNREACHABLE),
    ...(first ? { first: first as string[] } : undefined),
    ...(grant ? { grant: grant as unknown as NonNullable<Snapshot['grant']> } : undefined),
  }
}

/** A list of objects; Go writes an empty list as null. */
function list(value: Json, name: string): Json[] {
  const items = value[name] === null ? [] : value[name]
  if (!Array.isArray(items) || !items.every(isObject)) throw new Error(`${name} must be a list of objects`)
  return items
}

function seconds(value: Json, name: string, fallback: number): number {
  const found = value[name] ?? fallback
  if (!isCount(found)) throw new Error(`${name} must be a whole number of seconds`)
  return found
}

function isGrant(value: unknown): boolean {
  return (
    isObject(value) &&
    typeof value.id === 'string' &&
    typeof value.token === 'string' &&
    isCount(value.expires) &&
    isCount(value.maxReports)
  )
}

type Json = Record<string, unknown>

function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0
}

function invalid(problem: string, cause: unknown): SnapshotError {
  return new SnapshotError(
    `The policy snapshot can't be used: ${problem}. Fetch it again, or upgrade @edgewise/client.`,
    {
      code: 'snapshot_invalid',
      cause,
    },
  )
}
