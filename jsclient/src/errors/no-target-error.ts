import type { Reason } from '../wire.ts'
import { EdgewiseError, guardOf } from './edgewise-error.ts'

/** The decision was `none`: every target is forbidden, and nothing was sent anywhere. `reason` says why. */
export class NoTargetError extends EdgewiseError {
  override readonly name = 'NoTargetError'
  declare readonly code: 'no_target'
  /** Why the server, or else the browser, is forbidden. */
  readonly reason: Reason

  constructor(reason: Reason, options: { cause?: unknown } = {}) {
    super(`The policy permits no target for this request: ${reason}. Change the request, or that rule.`, {
      ...options,
      code: 'no_target',
    })
    this.reason = reason
  }
}

/** Whether an error is a `NoTargetError`, of whichever copy of this package. */
export const isNoTargetError = guardOf<NoTargetError>('NoTargetError')
