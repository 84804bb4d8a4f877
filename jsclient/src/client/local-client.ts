/** Answers on the device alone: nothing that is imported here knows how to reach a server. */
import { tell } from '../engine/manager-listeners.ts'
import { parseSnapshot } from '../policy/snapshot.ts'
import type { ModelInfo, Report, Snapshot } from '../wire.ts'
import { decideAlone, questionOf, type Snapshots } from './decision.ts'
import { InferenceClient, type LifeParts } from './inference-client.ts'
import type { ClientOptions } from './options.ts'
import type { Page } from './page.ts'
import { reportOf } from './report.ts'

/** Options of `LocalInferenceClient`: those of every client, and what it decides by. */
export interface LocalInferenceClientOptions extends ClientOptions {
  /** The models that there are, as a registry lists them. Defaults to the snapshot's. */
  models?: readonly ModelInfo[] | undefined
  /**
   * The policies and models to decide by, as `/browser/policy` gives them, or a file of the app's. Defaults to none: any
   * model that the device can run may answer.
   */
  snapshot?: Snapshot | undefined
  /** Takes what there is to tell of an answer: counts, times and codes, never text. Defaults to none: nobody is told. */
  onReport?: ((report: Report) => void) | undefined
}

/** Lets any model answer that the device can run, once it is here; what is missing is downloaded first. */
const ANY_MODEL: Snapshot = {
  schema: 1,
  revision: 'local',
  policies: [
    { name: 'capability', options: { allowCPU: true } },
    { name: 'privacy' },
    { name: 'preference' },
    { name: 'readiness', options: { wait: true } },
  ],
  models: [],
  subject: { rolloutBucket: 0, server: { continuation: 'none' } },
}

/**
 * Answers prompts on the user's device, or not at all. It has no server: no prompt, no count and no report leaves the
 * page through it, whatever fails; only models are downloaded, from where their engines are told. Engines that may send
 * prompts elsewhere, such as the browser's own, are left out unless the app vouches for them.
 *
 * Asked like `HybridInferenceClient`, with every request as if it said `privacy: "local-only"`; a `force` or `preference`
 * of the server is a NoTargetError. The constructor throws a SnapshotError where the snapshot can't be used.
 */
export class LocalInferenceClient extends InferenceClient {
  readonly #snapshots: Snapshots
  readonly #onReport: LocalInferenceClientOptions['onReport']
  #reports = 0

  constructor(options: LocalInferenceClientOptions) {
    super(options, { privacy: 'local-only' })
    const { models, snapshot = ANY_MODEL, onReport } = options
    const current = parseSnapshot({ ...snapshot, ...(models && { models }) })
    this.#snapshots = { current, problem: undefined, isStale: false, refresh: async () => {} }
    this.#onReport = onReport
  }

  /** @internal */
  protected override begin(page: Page): LifeParts {
    const snapshots = this.#snapshots
    const onReport = this.#onReport
    return {
      snapshots,
      async decide(request, signal) {
        const question = await questionOf({ page, snapshots }, request)
        signal.throwIfAborted()
        return decideAlone({ page, snapshots }, question)
      },
      report: (facts) => onReport && tell([onReport], reportOf(`local.${++this.#reports}`, facts)),
    }
  }
}
