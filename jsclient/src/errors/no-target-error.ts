import type { Reason } from '../wire.ts'
import { EdgewiseError, guardOf } from './edgewise-error.ts'

/** What can be done about it, where that is not to change a rule. */
const ADVICE: { readonly [reason: string]: string } = {
  offline: "The server can't be reached, and nothing on this device may answer. Try again later.",
  local_only_unavailable: 'No model on this device may answer, and nothing else may be asked. `cause` may say why.',
  no_compatible_browser_model: 'No model that there is fits the engines of this page. `models` lists them.',
  browser_unhealthy: 'Its models have failed too often, and are left alone for a while. `forgetFailures()` ends that.',
  metered_network: 'Its model is not on this device, and the connection is metered. `preload(id)` asks the user.',
}

/** The decision was `none`: every target is forbidden, and nothing was sent anywhere. `reason` says why. */
export class NoTargetError extends EdgewiseError {
  override readonly name = 'NoTargetError'
  declare readonly code: 'no_target'
  /** Why the server, or else the browser, is forbidden. */
  readonly reason: Reason

  constructor(reason: Reason, options: { cause?: unknown } = {}) {
    const advice = ADVICE[reason] ?? 'Change the request, or that rule.'
    super(`Nobody may answer this request (${reason}). ${advice}`, { ...options, code: 'no_target' })
    this.reason = reason
  }
}

/** Whether an error is a `NoTargetError`, of whichever copy of this package. */
export const isNoTargetError = guardOf<NoTargetError>('NoTargetError')
