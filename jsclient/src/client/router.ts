import { isNetworkError, NetworkError } from '../errors/network-error.ts'
import { NoTargetError } from '../errors/no-target-error.ts'
import { isServerError } from '../errors/server-error.ts'
import { SnapshotError } from '../errors/snapshot-error.ts'
import { decide, type PageDecision } from '../policy/decide.ts'
import type { ServerTransport } from '../transport/server.ts'
import type { State, Target } from '../wire.ts'
import type { RoutedDecision } from './options.ts'
import type { Page } from './page.ts'
import type { PreparedRequest } from './prepare.ts'
import type { SnapshotSource } from './snapshots.ts'

/** A decision that can be carried out. */
export type Routed = RoutedDecision & { readonly target: Target }

const DEFAULT_TIMEOUT_MS = 5000

/** Gets a decision for a request: from the server, or from the snapshot in the page when that can't be asked, or must not. */
export class Router {
  readonly #transport: ServerTransport
  readonly #page: Page
  readonly #snapshots: SnapshotSource
  readonly #timeoutMs: number

  constructor(transport: ServerTransport, page: Page, snapshots: SnapshotSource, timeoutMs = DEFAULT_TIMEOUT_MS) {
    this.#transport = transport
    this.#page = page
    this.#snapshots = snapshots
    this.#timeoutMs = timeoutMs
  }

  /** Throws NoTargetError when nothing is permitted. A local-only request never reaches the server, not even in counts. */
  async route(request: PreparedRequest, signal: AbortSignal): Promise<RoutedDecision> {
    const { info, options } = request
    const [device, state] = await Promise.all([this.#page.device(), this.#page.state()])
    signal.throwIfAborted()
    if (info.privacy === 'local-only') return this.#alone(request, state)
    const body = { ...info, capabilities: device, state, ...(options.trace && { trace: true }) }
    try {
      const { useBrowser: _, ...answer } = await this.#ask(body, signal)
      // An answer that names no model can't be carried out here.
      const target = answer.target === 'browser' && !answer.modelInfo ? (answer.fallback ?? 'none') : answer.target
      const { current } = this.#snapshots
      if (current && current.revision !== answer.policyRevision) this.#snapshots.refresh().catch(ignore)
      return { ...answer, target, useBrowser: target === 'browser', decidedBy: 'server' }
    } catch (error) {
      signal.throwIfAborted()
      const silent = isNetworkError(error)
      if (!silent && !(isServerError(error) && error.status >= 500)) throw error
      if (!this.#snapshots.current) throw this.#snapshots.problem ?? error
      return this.#alone(request, silent ? { ...state, network: { ...state.network, offline: true } } : state)
    }
  }

  async #ask(body: Parameters<ServerTransport['route']>[0], signal: AbortSignal) {
    const timeout = AbortSignal.timeout(this.#timeoutMs)
    try {
      return await this.#transport.route(body, { signal: AbortSignal.any([signal, timeout]) })
    } catch (error) {
      if (timeout.aborted && !signal.aborted) throw new NetworkError('/browser/route', { cause: timeout.reason })
      throw error
    }
  }

  /** Decides in the page. */
  async #alone({ info, options }: PreparedRequest, state: State): Promise<RoutedDecision> {
    const snapshot = this.#snapshots.current
    if (!snapshot) throw new NoTargetError('local_only_unavailable', { cause: this.#snapshots.problem ?? missing() })
    const device = await this.#page.device()
    const { undecidable: _, ...decision } = decide(snapshot, state, info, device, {
      unreachable: true,
      trace: options.trace,
    })
    return { ...decision, decisionId: localId(), policyRevision: snapshot.revision, decidedBy: 'page' }
  }
}

/**
 * Makes a forced target come true, or nothing at all; and turns the word that nothing may run into an error.
 * NoTargetError's reason is the decision's.
 */
export function settle(decision: RoutedDecision, force: Target | undefined): Routed {
  const { target, fallback, ...rest } = decision
  if (force) {
    if (target !== force && fallback !== force) throw new NoTargetError(decision.reason)
    return { ...rest, target: force, useBrowser: force === 'browser' }
  }
  if (target === 'none') throw new NoTargetError(decision.reason)
  return { ...rest, target, ...(fallback && { fallback }) }
}

/** The decision on a request of no particular size: which model would run here? */
export async function decidePreload(snapshots: SnapshotSource, page: Page): Promise<PageDecision> {
  const snapshot = snapshots.current
  if (!snapshot) throw snapshots.problem ?? missing()
  const [device, state] = await Promise.all([page.device(), page.state()])
  return decide(snapshot, state, { promptLength: 0 }, device, { unreachable: true })
}

function missing(): SnapshotError {
  return new SnapshotError('No policy snapshot is in the page. Call initialize() while the server can be reached.', {
    code: 'snapshot_expired',
  })
}

/** An id for a decision that no server gave one. Not a secret, so `Math.random` will do. */
function localId(): string {
  return `page-${Date.now().toString(36)}-${Math.random().toString(36).slice(2, 10)}`
}

function ignore(): void {}
