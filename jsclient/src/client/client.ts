import { ServerTransport } from '../transport/server.ts'
import { answerOnServer } from './attempt.ts'
import { InferenceClient, type LifeParts } from './inference-client.ts'
import type { ClientOptions, HybridInferenceClientOptions } from './options.ts'
import { Outage } from './outage.ts'
import type { Page } from './page.ts'
import { Reports } from './reports.ts'
import { DEFAULT_TIMEOUT_MS, route } from './router.ts'
import { SnapshotStore } from './snapshot-store.ts'
import { SnapshotSource } from './snapshots.ts'

/** Longest silence of a server in mid-answer, ms: as long as engines in the page may be silent. */
const STALL_MS = 60_000

/**
 * Answers prompts on the user's device or on a server, as the server's policies decide, request by request. Where a
 * target fails, the other takes over if the decision permits it; every answer says how it came about.
 *
 * Like an OpenAI client that has a model in the page as well. Creating it has no side effects; the first request, or
 * `initialize`, detects the device and fetches the policy snapshot. Calls may overlap. An aborted call throws its
 * signal's reason; every other failure is an EdgewiseError.
 */
export class HybridInferenceClient extends InferenceClient {
  readonly #options: HybridInferenceClientOptions

  constructor(options: HybridInferenceClientOptions) {
    super(options)
    this.#options = options
  }

  /** @internal */
  protected override begin(page: Page, { now = Date.now }: ClientOptions, life: AbortSignal): LifeParts {
    const options = this.#options
    const { reports: wanted = true, stallMs = STALL_MS, baseURL, subject } = options
    const { storage } = page
    const outage = new Outage(now, life)
    const transport = new ServerTransport(options, (answered) => {
      if (!answered) outage.begin(true)
      else if (outage.heard()) reports?.retry()
    })
    const snapshots = new SnapshotSource({
      transport,
      now,
      store: new SnapshotStore(storage, baseURL),
      subject,
      timeoutMs: options.routeTimeoutMs ?? DEFAULT_TIMEOUT_MS,
      onSilence: () => outage.begin(true),
    })
    const reports = wanted ? new Reports({ transport, now, storage, life }) : undefined
    return {
      snapshots,
      decide: (request, signal) => route({ outage, options, transport, page, snapshots }, request, signal),
      askServer: (task) => answerOnServer({ ...task, transport, stallMs }),
      report(facts) {
        if (facts.info.privacy !== 'local-only' || wanted === 'all') reports?.add(facts)
      },
      flush: async () => reports?.flush(),
      catchUp: () => reports?.retry(),
      waiting: () => reports?.waiting ?? 0,
    }
  }
}
