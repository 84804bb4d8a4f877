import { NoTargetError } from '../errors/no-target-error.ts'
import type { Reason } from '../wire.ts'
import { hindrance } from './capable.ts'
import { obstacleError } from './obstacles.ts'
import type { Page } from './page.ts'
import type { PreparedRequest } from './prepare.ts'

/** Reasons that the engines of the page may be behind. */
const BY_ENGINES: readonly Reason[] = ['feature_unsupported', 'no_compatible_browser_model', 'local_only_unavailable']

/** The error of a decision that permits nothing. Its cause says what keeps an engine of the page from it, if anything. */
export function noTarget(reason: Reason, { usable, obstacles }: Page, request?: PreparedRequest): NoTargetError {
  if (!BY_ENGINES.includes(reason)) return new NoTargetError(reason)
  const hindrances = request ? usable.map((engine) => hindrance(engine, request)) : []
  const cause = hindrances.find((error) => error) ?? obstacleError(obstacles)
  return new NoTargetError(reason, cause && { cause })
}
