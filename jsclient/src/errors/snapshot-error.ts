import { EdgewiseError, guardOf } from './edgewise-error.ts'

/**
 * - `snapshot_invalid`: it lacks what deciding needs, or is of the wrong type
 * - `snapshot_unsupported`: its `schema` is newer than this package
 * - `snapshot_expired`: too old to decide with, and the server gives no newer one
 * - `snapshot_missing`: there never was one
 */
export type SnapshotErrorCode = 'snapshot_invalid' | 'snapshot_unsupported' | 'snapshot_expired' | 'snapshot_missing'

/** The policy snapshot can't be used to decide. Where the server could not be asked either, `cause` is why. */
export class SnapshotError extends EdgewiseError {
  override readonly name = 'SnapshotError'
  /** What is wrong with it. */
  declare readonly code: SnapshotErrorCode

  constructor(message: string, options: { code: SnapshotErrorCode; cause?: unknown }) {
    super(message, options)
  }
}

/** Whether an error is a `SnapshotError`, of whichever copy of this package. */
export const isSnapshotError = guardOf<SnapshotError>('SnapshotError')
