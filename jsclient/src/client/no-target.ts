import { NoTargetError } from '../errors/no-target-error.ts'
import type { Reason } from '../wire.ts'
import { hindrance } from './capable.ts'
import { obstacleError } from './obstacles.ts'
import type { Page } from './page.ts'
import type { PreparedRequest } from './prepare.ts'

/** Reasons that the engines of the page may be behind. */
const BY_ENGINES: readonly Reason[] = ['feature_unsupported', 'no_compatible_browser_model', 'local_only_unavailable']

/** What the error may be told by. */
interface Circumstances {
  readonly request?: PreparedRequest
  /** Why the server has not decided. */
  readonly cause?: unknown
}

/**
 * The error of a decision that permits nothing. Its cause says what keeps an engine of the page from it, if anything, or
 * the server from deciding.
 */
export function noTarget(
  reason: Reason,
  { usable, obstacles }: Page,
  { request, cause: unasked }: Circumstances = {},
): NoTargetError {
  const hindrances = request ? usable.map((engine) => hindrance(engine, request)) : []
  const hindered = hindrances.find((error) => error) ?? obstacleError(obstacles)
  const cause = (BY_ENGINES.includes(reason) ? hindered : undefined) ?? unasked
  return new NoTargetError(reason, cause === undefined ? {} : { cause })
}
